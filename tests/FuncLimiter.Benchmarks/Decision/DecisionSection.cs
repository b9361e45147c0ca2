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
        using var ours = new CoreLimiter(countRequests: false);
        using var chained = new ChainedTokenBuckets(countRequests: false);
        using var oursTwice = new CoreLimiter(countRequests: true);
        using var chainedTwice = new ChainedTokenBuckets(countRequests: true);
        IDecider[] deciders = [ours, chained, oursTwice, chainedTwice];
        List<Contender> contenders = [.. deciders.Select(DecisionLoop.ToContender)];
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
                [.. Compare(rows, ours, chained), .. Compare(rows, oursTwice, chainedTwice)]);
        }
    }

    private static IEnumerable<Comparison> Compare(IReadOnlyList<Row> rows, CoreLimiter ours, ChainedTokenBuckets chained)
    {
        var redis = RedisTokenBucket.Name(ManyClients);
        yield return new(
            $"{ours.Name} over {chained.Name}, decisions per second of one core",
            Section.Ratio(rows, chained.Name, ours.Name, DecisionLoop.CpuNanoseconds),
            1);
        yield return new($"{ours.Name} over {redis}, decisions/s", Section.Ratio(rows, ours.Name, redis, DecisionLoop.PerSecond), 1);
        yield return new($"{ours.Name}, bytes allocated per decision", Section.Median(rows, ours.Name, DecisionLoop.Bytes), 0, AtMost: true);
    }
}
