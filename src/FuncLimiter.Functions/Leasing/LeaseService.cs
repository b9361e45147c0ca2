using FuncLimiter.Gateway.Admission;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Functions.Leasing;

/// <summary>Renews this instance's leases while the process lives, and gives them back at its end.</summary>
internal sealed class LeaseService(EmbeddedLimiter limiter, ILeaseOwners owners, TimeProvider time, ILogger<LeaseService> logger) : BackgroundService
{
    private static readonly TimeSpan LongestGoodbye = TimeSpan.FromSeconds(5);

    private readonly LeaseRenewal _renewal = new(limiter, owners, time, (scope, failure) =>
        logger.LogWarning(failure, "No lease of {Scope} could be had; calls go out as far as what is held allows.", scope));

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        enough.CancelAfter(LongestGoodbye);
        await _renewal.LeaveAsync(enough.Token);
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => _renewal.RunAsync(stoppingToken);
}
