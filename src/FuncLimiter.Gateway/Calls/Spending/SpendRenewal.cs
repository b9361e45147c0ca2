using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Spending;

namespace FuncLimiter.Gateway.Calls.Spending;

/// <summary>Reaches the owners of spending budgets that instances share.</summary>
internal interface ISpendOwners
{
    /// <summary>Carries an ask to the owner of its budget and brings back what the owner then says.</summary>
    /// <returns>The owner's state once it has taken the ask in; null where that took too long.</returns>
    Task<SpendOwnerState?> AskAsync(SpendAsk ask, CancellationToken cancellationToken);

    /// <summary>Gives a budget more; false where nobody has spent of it yet.</summary>
    Task<bool> RaiseAsync(SpendRaise raise, CancellationToken cancellationToken);

    /// <summary>Has an amount held for calls that are answered hours later; under one id once.</summary>
    /// <returns>The owner's state once it has taken the ask in; null where that took too long.</returns>
    Task<SpendOwnerState?> DepositAsync(SpendDepositAsk ask, CancellationToken cancellationToken);

    /// <summary>Ends what was held so.</summary>
    Task EndDepositAsync(SpendDepositEnd end, CancellationToken cancellationToken);
}

/// <summary>Asks the owners of budgets for what calls need, off the path of those that have it already.</summary>
/// <param name="desk">Where calls ask.</param>
/// <param name="owners">Where budgets are owned.</param>
/// <param name="failed">Is told of each ask that failed, with its budget.</param>
internal sealed class SpendRenewal(SpendDesk desk, ISpendOwners owners, TimeProvider time, Action<string, Exception> failed)
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    /// <summary>Asks whenever something is due, until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var under = new List<Task>();
        while (!cancellationToken.IsCancellationRequested)
        {
            under.RemoveAll(static task => task.IsCompleted);
            under.AddRange(desk.TakeAsks().Select(ask => CarryAsync(ask, cancellationToken)));
            try
            {
                await Task.Delay(Shortest, time, cancellationToken);
                await desk.AskWanted.WaitAsync(Longest, time, cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                break;
            }
        }

        await Task.WhenAll(under);
    }

    /// <summary>Gives back all that is not used.</summary>
    public Task LeaveAsync(CancellationToken cancellationToken) => Task.WhenAll(desk.Leave().Select(ask => CarryAsync(ask, cancellationToken)));

    private async Task CarryAsync(SpendAsk ask, CancellationToken cancellationToken)
    {
        var askedAt = Instant.From(time.GetUtcNow());
        SpendOwnerState? state = null;
        try
        {
            state = await owners.AskAsync(ask, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The process ends; what it was granted is given back apart, or counts as spent.
        }
#pragma warning disable CA1031 // Whatever the owners fail with: what is granted bounds what goes out, and it is asked again.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            failed(ask.Budget, exception);
        }

        desk.Answered(ask, state, askedAt);
    }
}
