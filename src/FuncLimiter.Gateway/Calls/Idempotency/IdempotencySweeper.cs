using FuncLimiter.Gateway.Jobs.Running;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Gateway.Calls.Idempotency;

/// <summary>Forgets answers whose keys have expired.</summary>
internal sealed class IdempotencySweeper(IIdempotencyStore store, TimeProvider time, ILogger<IdempotencySweeper> logger) : PeriodicSweep(time, logger)
{
    private const int MostAtOnce = 500;

    protected override Task<int> SweepAsync(DateTimeOffset now, CancellationToken cancellationToken) => store.SweepAsync(now, MostAtOnce, cancellationToken);
}
