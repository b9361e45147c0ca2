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

    /// <summary>Keeps states, all or none; done means that a crash no longer loses them.</summary>
    /// <param name="over">Names of budgets that are over, to be forgotten.</param>
    Task SaveAsync(IReadOnlyList<SpendState> states, IReadOnlyList<string> over);
}
