using FuncLimiter.Benchmarks.Measuring;
using FuncLimiter.Benchmarks.Processes;
using FuncLimiter.Benchmarks.Reporting;

namespace FuncLimiter.Benchmarks.Decision;

/// <summary>What one decision costs: ours, the framework's, and a shared counter's.</summary>
internal static class DecisionSection
{
    public const string Name = "decision";
    private const int ManyClients = 32;

    public static async Task<Section> Run(Effort effort, TextWriter progress)
    {
        using var chained = new ChainedTokenBuckets();
        List<Contender> contenders = [DecisionLoop.ToContender(chained)];
        List<Row> missing = [];
        RedisTokenBucket? redis = null;
        try
        {
            redis = await RedisTokenBucket.Start();
            contenders.AddRange([redis.ToContender(ManyClients), redis.ToContender(1)]);
        }
        catch (NotAvailableException exception)
        {
            missing.Add(new("Redis", [], $"not available: {exception.Message}"));
        }

        await using (redis)
        {
            IReadOnlyList<Row> rows = [.. await Rounds.Run(contenders, effort, progress), .. missing];
            return new(
                Name,
                $"decisions by one thread over {Workload.Tenants} tenants of {Workload.UsersPerTenant} users, nothing ever refused",
                rows,
                []);
        }
    }
}
