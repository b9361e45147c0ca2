using FuncLimiter.Gateway.Configuration;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Gateway.Jobs.Running;

/// <summary>Forgets jobs whose results have been kept long enough.</summary>
internal sealed class JobSweeper(IJobStore store, GatewayConfiguration configuration, TimeProvider time, ILogger<JobSweeper> logger) : PeriodicSweep(time, logger)
{
    private const int MostAtOnce = 100;

    protected override Task<int> SweepAsync(DateTimeOffset now, CancellationToken cancellationToken) =>
        store.SweepAsync(now - configuration.Jobs.KeepResults, MostAtOnce, cancellationToken);
}
