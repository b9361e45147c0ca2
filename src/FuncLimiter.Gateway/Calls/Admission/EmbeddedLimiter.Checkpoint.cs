using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Gateway.Calls.Admission;

/// <content>What outlives the process.</content>
internal sealed partial class EmbeddedLimiter
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan SameTime = TimeSpan.FromSeconds(1);

    /// <summary>Takes on what an earlier process kept. To be called before the first call.</summary>
    public void Restore(IReadOnlyList<BudgetState> states) => Change(now => limiter.Restore(states.Select(state => AsOf(state, now)), now));

    /// <summary>
    /// Keeps the budgets' states at an interval, and at once where calls wait for it, until cancelled. While the store fails, calls go out
    /// only as far as what was kept allows; whoever would have to wait is refused at once.
    /// </summary>
    /// <param name="interval">How often at least.</param>
    /// <param name="failed">Is told of the first failure to keep, and of the first after the store was well again.</param>
    /// <param name="cancellationToken">Ends it, after a last checkpoint.</param>
    public async Task KeepAsync(IBudgetStore store, TimeSpan interval, Action<Exception> failed, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            await CheckpointAsync(store, interval, failed, cancellationToken);
            await checkpointWanted.WaitAsync(interval, CancellationToken.None);
        }

        await CheckpointAsync(store, interval, failed, CancellationToken.None);
    }

    // Within one run of the machine the monotonic clock tells how old a state is, whatever the wall clock was set to since. After another
    // boot the wall clock is all there is; but nothing was kept later than now.
    private BudgetState AsOf(BudgetState state, Instant now)
    {
        var kept = new Instant(state.AtTicks);
        var at = state.AtTicks == 0 ? now
            : state.Boot is not null && state.Boot == SteadyClock.Boot ? now - (clock.Uptime - TimeSpan.FromTicks(state.UptimeTicks))
            : Instant.Min(kept, now);
        return state.AtTicks == 0 || (at - kept).Duration() < SameTime ? state : state.MovedTo(Instant.Min(at, now));
    }

    private async Task CheckpointAsync(IBudgetStore store, TimeSpan interval, Action<Exception> failed, CancellationToken cancellationToken)
    {
        IReadOnlyList<BudgetState> states;
        lock (gate)
        {
            var uptime = clock.Uptime.Ticks;
            states = [.. limiter.BeginCheckpoint(Look()).Select(state => state with { Boot = SteadyClock.Boot, UptimeTicks = uptime })];
        }

        if (states.Count == 0)
        {
            return;
        }

        try
        {
            await store.SaveAsync(states, CancellationToken.None);
        }
#pragma warning disable CA1031 // Whatever a store fails with: what is kept already still bounds what goes out.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            if (!isStuck)
            {
                failed(exception);
            }

            RefuseWaiting();
            await Task.Delay(interval, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return;
        }

        Change(now =>
        {
            isStuck = false;
            limiter.ConfirmCheckpoint(now);
        });
    }

    private void RefuseWaiting()
    {
        lock (gate)
        {
            isStuck = true;
            var now = Look();
            foreach (var call in kept!.Where(call => limiter.Cancel(call, now)).ToArray())
            {
                ((Waiter)call.Tag!).Result = NotKept(call, now);
                done.Add(call);
            }

            kept!.Clear();
            Finish();
        }

        Deliver();
    }

    private static AdmissionResult NotKept(Call call, Instant now) =>
        new() { Refusal = new Refusal(RefusalReason.NotKept, "", now + AskAgain), Waited = now - call.SubmittedAt };
}

/// <summary>Keeps the budgets' durable part: a file here, an entity's state elsewhere.</summary>
internal interface IBudgetStore
{
    /// <summary>All states kept, the latest of each budget.</summary>
    IReadOnlyList<BudgetState> Load();

    /// <summary>Keeps states, all or none; done means that a crash no longer loses them.</summary>
    Task SaveAsync(IReadOnlyList<BudgetState> states, CancellationToken cancellationToken);
}
