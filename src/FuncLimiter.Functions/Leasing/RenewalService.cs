using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Calls.Spending;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Functions.Leasing;

/// <summary>Renews this instance's leases and its parts of spending budgets while the process lives, and gives them back at its end.</summary>
internal sealed class RenewalService(
    EmbeddedLimiter limiter, ILeaseOwners owners, SpendDesk desk, ISpendOwners spendOwners, TimeProvider time, ILogger<RenewalService> logger)
    : BackgroundService
{
    private static readonly TimeSpan LongestGoodbye = TimeSpan.FromSeconds(5);

    private readonly LeaseRenewal _leases = new(limiter, owners, time, (scope, failure) => Tell(logger, scope, failure));
    private readonly SpendRenewal _spending = new(desk, spendOwners, time, (budget, failure) => Tell(logger, budget, failure));

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        enough.CancelAfter(LongestGoodbye);
        await Task.WhenAll(_leases.LeaveAsync(enough.Token), _spending.LeaveAsync(enough.Token));
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(_leases.RunAsync(stoppingToken), _spending.RunAsync(stoppingToken));

    private static void Tell(ILogger logger, string owned, Exception failure) =>
        logger.LogWarning(failure, "No part of {Owned} could be had; calls go out as far as what is held allows.", owned);
}
