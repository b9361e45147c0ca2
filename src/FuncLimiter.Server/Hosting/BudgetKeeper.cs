using FuncLimiter.Gateway.Admission;

namespace FuncLimiter.Server.Hosting;

/// <summary>
/// Takes up what an earlier process kept of the budgets before the first call, and keeps them from then on: nothing goes out that a crash
/// could make the next process forget.
/// </summary>
internal sealed class BudgetKeeper(EmbeddedLimiter limiter, IBudgetStore store, ILogger<BudgetKeeper> logger) : IHostedService, IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _end = new();
    private Task _keeping = Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        limiter.Restore(store.Load());
        _keeping = Task.Run(
            () => limiter.KeepAsync(store, Interval, failure => logger.LogError(failure, "The budgets could not be kept; calls wait until they can."), _end.Token),
            CancellationToken.None);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _end.CancelAsync();
        await _keeping;
    }

    /// <inheritdoc/>
    public void Dispose() => _end.Dispose();
}
