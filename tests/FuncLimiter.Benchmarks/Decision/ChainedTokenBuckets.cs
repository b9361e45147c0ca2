using System.Threading.RateLimiting;

namespace FuncLimiter.Benchmarks.Decision;

/// <summary>The framework's own: partitioned token buckets chained, as its documentation shows. It can't settle what was used.</summary>
internal sealed class ChainedTokenBuckets : IDecider
{
    private readonly PartitionedRateLimiter<Ask> _tokens = Chain();
    private readonly PartitionedRateLimiter<Ask>? _requests;

    /// <param name="countRequests">Whether to count requests too, in a second chain: permits of one chain are all alike.</param>
    public ChainedTokenBuckets(bool countRequests) => _requests = countRequests ? Chain() : null;

    public string Name => _requests is null ? "System.Threading.RateLimiting" : "System.Threading.RateLimiting, twice";

    public string Does => _requests is null
        ? "4 chained partitioned token buckets of tokens, nothing settled"
        : "4 of tokens and 4 of requests, nothing settled";

    public void Decide(long first, int count)
    {
        for (var number = first; number < first + count; number++)
        {
            var ask = Workload.Asks[Workload.Index(number)];
            using var leaseOfTokens = _tokens.AttemptAcquire(ask, ask.Tokens);
            using var leaseOfRequests = _requests?.AttemptAcquire(ask);
            if (!leaseOfTokens.IsAcquired || leaseOfRequests is { IsAcquired: false })
            {
                throw new InvalidOperationException($"{Name} refused.");
            }
        }
    }

    public void Dispose()
    {
        _tokens.Dispose();
        _requests?.Dispose();
    }

    private static PartitionedRateLimiter<Ask> Chain() => PartitionedRateLimiter.CreateChained(
        Partitioned(ask => ask.Account),
        Partitioned(ask => ask.Deployment),
        Partitioned(ask => ask.Tenant),
        Partitioned(ask => ask.User));

    private static PartitionedRateLimiter<Ask> Partitioned(Func<Ask, string> key) =>
        PartitionedRateLimiter.Create<Ask, string>(ask => RateLimitPartition.GetTokenBucketLimiter(key(ask), _ => new()
        {
            TokenLimit = Workload.TokensPerSecond,
            TokensPerPeriod = Workload.TokensPerSecond / 10,
            ReplenishmentPeriod = TimeSpan.FromMilliseconds(100),
            QueueLimit = 0,
        }));
}
