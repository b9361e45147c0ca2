using System.Threading.RateLimiting;

namespace FuncLimiter.Benchmarks.Decision;

/// <summary>The framework's own: four partitioned token buckets chained, as its documentation shows. Nothing is settled: it can't.</summary>
internal sealed class ChainedTokenBuckets : IDecider
{
    private readonly PartitionedRateLimiter<Ask> limiter = PartitionedRateLimiter.CreateChained(
        Partitioned(ask => ask.Account),
        Partitioned(ask => ask.Deployment),
        Partitioned(ask => ask.Tenant),
        Partitioned(ask => ask.User));

    public string Name => "System.Threading.RateLimiting";

    public string Does => "4 chained partitioned token buckets, tokens only, no settlement";

    public void Decide(long first, int count)
    {
        for (var number = first; number < first + count; number++)
        {
            var ask = Workload.Asks[Workload.Index(number)];
            using var lease = limiter.AttemptAcquire(ask, ask.Tokens);
            if (!lease.IsAcquired)
            {
                throw new InvalidOperationException($"{Name} refused.");
            }
        }
    }

    public void Dispose() => limiter.Dispose();

    private static PartitionedRateLimiter<Ask> Partitioned(Func<Ask, int> key) =>
        PartitionedRateLimiter.Create<Ask, int>(ask => RateLimitPartition.GetTokenBucketLimiter(key(ask), _ => new()
        {
            TokenLimit = Workload.TokensPerSecond,
            TokensPerPeriod = Workload.TokensPerSecond / 10,
            ReplenishmentPeriod = TimeSpan.FromMilliseconds(100),
            QueueLimit = 0,
        }));
}
