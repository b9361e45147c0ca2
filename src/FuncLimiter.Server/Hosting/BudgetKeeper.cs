using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Server.Storage;

namespace FuncLimiter.Server.Hosting;

/// <summary>
/// Takes up what an earlier process kept of the budgets before the first call, and keeps them from then on: nothing goes out that a crash
/// could make the next process forget.
/// </summary>
internal sealed class BudgetKeeper(EmbeddedLimiter limiter, IBudgetStore store, Database database, ILogger<BudgetKeeper> logger) : IHostedService, IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>How long the content of what was deleted may stand in the database's log.</summary>
    private static readonly TimeSpan ForgetEvery = TimeSpan.FromMinutes(5);

    private readonly CancellationTokenSource _end = new();
    private Task _keeping = Task.CompletedTask;
    private Task _probing = Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        limiter.Restore(store.Load());
        _keeping = Task.Run(
            () => limiter.KeepAsync(store, Interval, failure => logger.LogError(failure, "The budgets could not be kept; calls go out as far as what was kept allows, and are refused beyond that."), _end.Token),
            CancellationToken.None);
        _probing = Task.Run(ProbeAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _end.CancelAsync();
        await _keeping;
        await _probing;
    }

    // Nobody sends calls to a server that is not ready: whether it can store again it finds out by itself.
    private async Task ProbeAsync()
    {
        using var timer = new PeriodicTimer(Interval);
        var untilForgotten = (int)(ForgetEvery / Interval);
        try
        {
            while (await timer.WaitForNextTickAsync(_end.Token))
            {
                if (--untilForgotten <= 0)
                {
                    untilForgotten = (int)(ForgetEvery / Interval);
                    await database.ForgetLogAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }

                if (database.Trouble is not null)
                {
                    await database.ProbeAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _end.Dispose();
}
