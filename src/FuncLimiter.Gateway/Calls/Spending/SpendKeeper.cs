using FuncLimiter.Core.Spending;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Gateway.Calls.Spending;

/// <summary>Takes up what was spent before this process, and stores what is spent from then on: at once where a call waits for it, else every second.</summary>
internal sealed class SpendKeeper(SpendDesk desk, TimeProvider time, ILogger<SpendKeeper> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private bool _isFailing;

    /// <inheritdoc/>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        desk.Restore();
        return base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await StoreAsync();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await StoreAsync();
            await desk.StoreWanted.WaitAsync(Interval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task StoreAsync()
    {
        try
        {
            await desk.StoreAsync();
            _isFailing = false;
        }
#pragma warning disable CA1031 // Whatever the store fails with: calls that need it are refused, and it is tried again.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            if (!_isFailing)
            {
                logger.LogError(failure, "What is spent of budgets could not be stored; calls under budgets are refused until it can.");
            }

            _isFailing = true;
            await Task.Delay(Interval, time, CancellationToken.None);
        }
    }
}

/// <summary>Keeps what is spent of budgets, so that a crash forgets nothing that was let out.</summary>
internal interface ISpendStore
{
    /// <summary>All states kept, the latest of each budget.</summary>
    IReadOnlyList<SpendState> Load();

    /// <summary>All deposits kept.</summary>
    IReadOnlyList<SpendDeposit> LoadDeposits();

    /// <summary>Keeps changes, all or none; done means that a crash no longer loses them.</summary>
    Task SaveAsync(SpendChanges changes);
}

/// <summary>What has changed of what is spent.</summary>
/// <param name="States">Budgets as they are now.</param>
/// <param name="Over">Names of budgets that are over, to be forgotten.</param>
/// <param name="Deposits">What is newly held for calls that are answered hours later; part of what the states have as spent.</param>
/// <param name="Ended">What is held no longer, by what the calls waited in and their places there.</param>
internal sealed record SpendChanges(
    IReadOnlyList<SpendState> States, IReadOnlyList<string> Over, IReadOnlyList<SpendDeposit> Deposits, IReadOnlyList<(string Owner, int Place)> Ended);
