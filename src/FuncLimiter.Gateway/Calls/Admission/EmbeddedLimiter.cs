using FuncLimiter.Core;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Leasing;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Gateway.Calls.Admission;

/// <summary>
/// The limiter of a single process: Core's decisions under one lock, one timer for the next of them. Its budgets are its own, or leased
/// from their owners (<see cref="LeaseRenewal"/>).
/// </summary>
internal sealed partial class EmbeddedLimiter : ILimiter, IDisposable
{
    // A refusal may come this much later than it could.
    private static readonly TimeSpan RefusedWithin = TimeSpan.FromSeconds(0.3);
    private static readonly TimeSpan LongestTimer = TimeSpan.FromHours(1);
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private readonly Lock gate = new();
    private readonly Limiter limiter;
    private readonly TimeProvider time;
    private readonly SteadyClock clock;
    private readonly ITimer timer;
    private readonly List<Call> done = [];

    // Calls that wait, where none may go out before a store has its checkpoint; else null.
    private readonly HashSet<Call>? kept;
    private readonly Wakeup ready = new();
    private readonly SemaphoreSlim checkpointWanted = new(0, 1);
    private volatile bool isExpecting;
    private Instant armedFor = Instant.Unknown;
    private Instant lookedAt;
    private bool isDisposed;
    private bool isStuck;

    /// <summary>A limiter on a clock.</summary>
    public EmbeddedLimiter(LimiterSpec spec, TimeProvider time)
    {
        this.time = time;
        clock = SteadyClock.Of(time);
        limiter = new(spec);
        kept = spec.IsDurable ? [] : null;
        timer = time.CreateTimer(_ => Wake(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    private Instant Now => clock.Now;

    /// <summary>Told when calls wait for leases, perhaps.</summary>
    internal Wakeup LeasesWanted { get; } = new();

    /// <inheritdoc/>
    public ValueTask<AdmissionResult> AdmitAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var call = CallOf(request);
        Waiter? waiter = null;
        AdmissionResult? result = null;
        lock (gate)
        {
            var now = Look();
            if (limiter.Submit(call, now) == CallState.Waiting && !isStuck)
            {
                call.Tag = waiter = new Waiter();
                kept?.Add(call);
            }
            else if (limiter.Cancel(call, now))
            {
                result = NotKept(call, now);
            }
            else
            {
                result = ResultOf(call, now);
            }

            Finish();
        }

        if (call.State != CallState.Admitted && limiter.Leases is not null)
        {
            LeasesWanted.Set();
        }

        Deliver();
        return result is not null ? new(result) : new(WaitAsync(call, waiter!, cancellationToken));
    }

    /// <inheritdoc/>
    public void Observe(Reservation reservation, Observation observation) => Change(now => limiter.Observe(reservation, observation, now));

    /// <inheritdoc/>
    public void Settle(Reservation reservation, in Settlement settlement)
    {
        lock (gate)
        {
            limiter.Settle(reservation, settlement, Look());
            Finish();
        }

        Deliver();
    }

    /// <inheritdoc/>
    public void Leave(Reservation reservation) => Change(now => limiter.Leave(reservation, now));

    /// <summary>Tells how late this process gets to what it has to do, see <see cref="Pulse"/>.</summary>
    internal void Delay(TimeSpan by) => Change(now => limiter.Delay(by, now));

    /// <inheritdoc/>
    public Instant Foresee(AdmissionRequest request)
    {
        var call = CallOf(request);
        lock (gate)
        {
            return limiter.Foresee(call, Now, request.Ahead);
        }
    }

    /// <inheritdoc/>
    public LimiterReport Report()
    {
        lock (gate)
        {
            return limiter.Report(Look());
        }
    }

    /// <inheritdoc/>
    public bool CoolDown(string scope, Instant until)
    {
        var found = false;
        Change(now => found = limiter.CoolDown(scope, until, now));
        return found;
    }

    /// <summary>Changes something by a person's word, or to act on an alert.</summary>
    /// <param name="change">The change; says whether there was what it is to change.</param>
    public bool Control(Func<Controls, Instant, bool> change)
    {
        var found = false;
        Change(now => found = change(limiter.Controls, now));
        return found;
    }

    /// <summary>The asks that are due to the owners of leased budgets, and when the next one is.</summary>
    internal IReadOnlyList<ScopeAsk> TakeDueAsks(out Instant next)
    {
        lock (gate)
        {
            var due = limiter.Leases!.TakeDue(Look());
            next = limiter.Leases.NextAskAt(Now);
            return due;
        }
    }

    /// <summary>Takes up an owner's answer: what it lends may go out.</summary>
    internal void TakeUp(ScopeAnswer answer)
    {
        var isReady = false;
        Change(now =>
        {
            limiter.Apply(answer, now);
            isReady = isExpecting && limiter.Leases!.IsReady(now);
        });
        if (isReady)
        {
            isExpecting = false;
            ready.Set();
        }
    }

    /// <summary>
    /// Has a part of every leased budget asked for, though no call has come yet: an instance that begins does that, so that its first call
    /// goes out at once.
    /// </summary>
    /// <param name="longest">How long to wait for it.</param>
    public Task ExpectCallsAsync(TimeSpan longest, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            limiter.Leases!.Expect(Look());
            isExpecting = true;
        }

        LeasesWanted.Set();
        return ready.WaitAsync(longest, time, cancellationToken);
    }

    /// <summary>Gives every lease back; nothing goes out any more.</summary>
    internal IReadOnlyList<ScopeAsk> LeaveOwners()
    {
        lock (gate)
        {
            return limiter.Leases!.Leave(Now);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (gate)
        {
            isDisposed = true;
        }

        timer.Dispose();
    }

    internal static Call CallOf(AdmissionRequest request) => new()
    {
        Route = request.Route,
        Tenant = request.Tenant,
        User = request.User,
        Priority = request.Priority,
        Consumer = request.Consumer,
        Provider = request.Provider as Charge[] ?? [.. request.Provider],
        ConsumerAtLeast = request.ConsumerAtLeast,
        ProviderAtLeast = request.ProviderAtLeast as Charge[] ?? request.ProviderAtLeast?.ToArray(),
        Sizes = request.Sizes,
        Caller = request.Caller,
        IsIdentified = request.IsIdentified,
        IsBack = request.IsBack,
        MaxWait = request.MaxWait,
        RefusedWithin = RefusedWithin,
        Excluded = request.Excluded,
        Diversion = request.Diversion,
        Prefixes = request.Prefixes,
        ExpiresAfter = request.ExpiresAfter,
    };

    private async Task<AdmissionResult> WaitAsync(Call call, Waiter waiter, CancellationToken cancellationToken)
    {
        AdmissionResult result;
        await using (cancellationToken.UnsafeRegister(_ => GiveUp(call, waiter, cancellationToken), null))
        {
            result = await waiter.Task;
        }

        if (cancellationToken.IsCancellationRequested && result.Reservation is { } reservation)
        {
            Settle(reservation, default);
            cancellationToken.ThrowIfCancellationRequested();
        }

        return result;
    }

    private void GiveUp(Call call, Waiter waiter, CancellationToken cancellationToken)
    {
        bool gaveUp;
        lock (gate)
        {
            gaveUp = limiter.Cancel(call, Now);
            kept?.Remove(call);
            Finish();
        }

        if (gaveUp)
        {
            waiter.TrySetCanceled(cancellationToken);
        }

        Deliver();
    }

    // The timer may fire a little early: whatever comes next, it is armed anew.
    private void Wake() => Change(now =>
    {
        armedFor = Instant.Unknown;
        limiter.Advance(now);
    });

    private void Change(Action<Instant> change)
    {
        lock (gate)
        {
            if (isDisposed)
            {
                return;
            }

            change(Look());
            Finish();
        }

        Deliver();
    }

    // Under the lock: now, with what the wall clock was set to since. Whether a lease still stands is asked before every use of it.
    private Instant Look()
    {
        var now = clock.Now;
        if (limiter.Leases is not null || now - lookedAt >= LookEvery)
        {
            lookedAt = now;
            limiter.FollowWall(clock.WallAhead, now);
        }

        return now;
    }

    // Under the lock: results of what was released, and the timer for what comes next.
    private void Finish()
    {
        while (limiter.TryTakeReleased(out var call))
        {
            kept?.Remove(call);
            ((Waiter)call.Tag!).Result = ResultOf(call, Now);
            done.Add(call);
        }

        var next = limiter.NextWake;
        if (next != armedFor && !isDisposed)
        {
            armedFor = next;
            var wait = next.IsKnown ? next - Now : Timeout.InfiniteTimeSpan;
            timer.Change(next.IsKnown ? Clamp(wait) : wait, Timeout.InfiniteTimeSpan);
        }

        if (limiter.NeedsCheckpoint && checkpointWanted.CurrentCount == 0)
        {
            checkpointWanted.Release();
        }
    }

    // Timers tick in milliseconds: rounded up, so that one firing is enough.
    private static TimeSpan Clamp(TimeSpan wait) =>
        TimeSpan.FromMilliseconds(Math.Ceiling(Math.Clamp(wait.TotalMilliseconds, 0, LongestTimer.TotalMilliseconds)));

    // Outside the lock: continuations run on the pool, never here.
    private void Deliver()
    {
        if (done.Count == 0)
        {
            return;
        }

        Call[] calls;
        lock (gate)
        {
            calls = [.. done];
            done.Clear();
        }

        foreach (var call in calls)
        {
            var waiter = (Waiter)call.Tag!;
            waiter.TrySetResult(waiter.Result!);
        }
    }

    private AdmissionResult ResultOf(Call call, Instant now) => call.State == CallState.Admitted
        ? new()
        {
            Reservation = call.Reservation,
            Place = call.Place,
            Choice = call.Choice,
            Waited = call.Reservation.TakenAt - call.SubmittedAt,
            Tightest = limiter.Tightest(call.Reservation, now),
        }
        : new() { Refusal = call.Refusal, Waited = now - call.SubmittedAt, Tightest = limiter.Refuser(call, now) };

    private sealed class Waiter() : TaskCompletionSource<AdmissionResult>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public AdmissionResult? Result { get; set; }
    }
}
