using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Tests.Invariants;

/// <summary>How the callers of an overload can be told apart when they come back.</summary>
internal enum Likeness
{
    /// <summary>Each sends what is its own, and the same when it comes back.</summary>
    Distinct,

    /// <summary>All send the same.</summary>
    Alike,

    /// <summary>All send the same, and say whether they try again, as the official clients do.</summary>
    Counted,

    /// <summary>Each call differs from every other, also from the one that it repeats.</summary>
    Changing,
}

/// <summary>
/// One overload: callers come all at once, others while they are served, and whoever is refused comes back within two seconds of the time
/// told, until it is served.
/// </summary>
internal sealed record Comeback
{
    public required LimiterSpec Spec { get; init; }

    public int Callers { get; init; } = 60;

    /// <summary>How many others come a second while the first are served.</summary>
    public double Newcomers { get; init; }

    /// <summary>How many calls have run before, one after another.</summary>
    public int Before { get; init; }

    /// <summary>For how long they come; null for as long as somebody is unserved.</summary>
    public TimeSpan? NewcomersFor { get; init; }

    public IReadOnlyList<string> Tenants { get; init; } = ["a"];

    public string? User { get; init; }

    public Priority Priority { get; init; } = Priority.Interactive;

    public IReadOnlyList<Priority>? Classes { get; init; }

    public Charge Charge { get; init; } = new(1, 100, 60, 40, 1);

    /// <summary>What a caller's call costs, by its number; null where all cost the same.</summary>
    public Func<int, Charge>? Charges { get; init; }

    public Likeness Likeness { get; init; }

    public TimeSpan? MaxWait { get; init; }

    /// <summary>How long they bear to wait for a refusal.</summary>
    public TimeSpan RefusedWithin { get; init; }

    /// <summary>How long a call runs; each a third more or less.</summary>
    public TimeSpan Runs { get; init; } = TimeSpan.FromSeconds(1.7);

    public TimeSpan Length { get; init; } = TimeSpan.FromMinutes(20);

    /// <summary>The chance that a refused caller comes back.</summary>
    public double Returns { get; init; } = 1;

    /// <summary>The chance that a caller who waits gives up, at any moment of the time it may wait.</summary>
    public double GivesUp { get; init; }

    /// <summary>What callers are told, of what the limiter says.</summary>
    public Func<Instant, Instant, Instant> Told { get; init; } = (at, _) => at;

    public ComebackResult Run(int seed = 1) => new ComebackRun(this, seed).Run();
}

/// <summary>What came of it.</summary>
/// <param name="Returned">How often somebody came back.</param>
/// <param name="AtOnce">How many of those went out within half a second.</param>
/// <param name="Taken">How many of those went out after a wait of any length.</param>
/// <param name="Admitted">How many calls went out in all.</param>
/// <param name="MostTries">How often the unluckiest caller called.</param>
/// <param name="Last">When the last call went out, in seconds.</param>
/// <param name="Farthest">The longest time that anybody was told to wait, in seconds.</param>
internal sealed record ComebackResult(int Returned, int AtOnce, int Taken, int Admitted, int MostTries, double Last, double Farthest)
{
    /// <summary>The first few who did not go out at once.</summary>
    public IReadOnlyList<string> Missed { get; init; } = [];

    /// <summary>How many gave up while they waited.</summary>
    public int GivenUp { get; init; }

    public double Part => Returned == 0 ? 1 : (double)AtOnce / Returned;

    public override string ToString() => $"{AtOnce} of {Returned} at once, {Taken} in the end; {Admitted} went out, the last at {Last:0.0} s; {MostTries} tries at most{string.Concat(Missed.Select(missed => Environment.NewLine + "  " + missed))}";
}

internal sealed class ComebackRun(Comeback overload, int seed)
{
    private static readonly Instant Start = Instant.From(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private static readonly TimeSpan AtOnce = TimeSpan.FromSeconds(0.5);
    private readonly Random random = new(seed);
    private readonly Limiter limiter = new(overload.Spec);
    private readonly PriorityQueue<Action<Instant>, (long Ticks, int Order)> events = new();
    private int order;
    private int callers;
    private int returned;
    private int atOnce;
    private int taken;
    private int admitted;
    private int mostTries;
    private int nonce = 1_000_000;
    private int unserved;
    private int givenUp;
    private double farthest;
    private Instant last = Start;
    private readonly List<string> missed = [];

    public ComebackResult Run()
    {
        for (var i = 0; i < overload.Before; i++)
        {
            var (call, at) = (CallOf(new(0, overload.Tenants[0], overload.Priority) { Tries = 1 }), Start - TimeSpan.FromMinutes(overload.Before - i));
            limiter.Submit(call, at);
            limiter.Settle(call.Reservation, new(overload.Charge with { Concurrent = 0 }, overload.Charge with { Concurrent = 0 }), at + overload.Runs);
        }

        for (var i = 0; i < overload.Callers; i++)
        {
            // Within a tenth of a second, as a fleet that starts.
            Arrive(Start + TimeSpan.FromMilliseconds(random.Next(100)));
        }

        if (overload.Newcomers > 0)
        {
            At(Start + TimeSpan.FromSeconds(1), Newcomer);
        }

        var end = Start + overload.Length;
        while (unserved > 0 || events.Count > 0)
        {
            var next = Instant.Min(events.TryPeek(out _, out var due) ? new(due.Ticks) : Instant.Unknown, limiter.NextWake);
            if (!next.IsKnown || next > end)
            {
                break;
            }

            limiter.Advance(next);
            Collect(next);
            while (events.TryPeek(out _, out due) && due.Ticks <= next.Ticks)
            {
                events.Dequeue()(next);
                Collect(next);
            }
        }

        return new(returned, atOnce, taken, admitted, mostTries, (last - Start).TotalSeconds, farthest) { Missed = missed, GivenUp = givenUp };
    }

    private void At(Instant at, Action<Instant> action) => events.Enqueue(action, (at.Ticks, ++order));

    private void Newcomer(Instant now)
    {
        if (overload.NewcomersFor is { } until ? now < Start + until : unserved > 0 || overload.Returns < 1)
        {
            Arrive(now);
            At(now + TimeSpan.FromSeconds(-Math.Log(1 - random.NextDouble()) / overload.Newcomers), Newcomer);
        }
    }

    private void Arrive(Instant at)
    {
        var caller = new Caller(++callers, overload.Tenants[callers % overload.Tenants.Count],
            overload.Classes is { } classes ? classes[callers % classes.Count] : overload.Priority);
        unserved++;
        At(at, now => Submit(caller, now));
    }

    private void Submit(Caller caller, Instant now)
    {
        caller.Tries++;
        mostTries = Math.Max(mostTries, caller.Tries);
        returned += caller.Tries > 1 ? 1 : 0;
        var call = CallOf(caller);
        if (limiter.Submit(call, now) != CallState.Waiting)
        {
            End(call, now);
        }
        else if (overload.GivesUp > 0 && random.NextDouble() < overload.GivesUp)
        {
            At(now + ((call.Deadline - now) * random.NextDouble()), later => GiveUp(call, later));
        }
    }

    private void GiveUp(Call call, Instant now)
    {
        if (limiter.Cancel(call, now))
        {
            unserved--;
            givenUp++;
        }
    }

    private Charge ChargeOf(Caller caller) => overload.Charges?.Invoke(caller.Id) ?? overload.Charge;

    private Call CallOf(Caller caller) => new()
    {
        Route = "m",
        Tenant = caller.Tenant,
        User = overload.User,
        Priority = caller.Priority,
        Consumer = ChargeOf(caller),
        Provider = [.. Enumerable.Repeat(ChargeOf(caller), overload.Spec.Routes[0].Targets.Count)],
        MaxWait = overload.MaxWait,
        RefusedWithin = overload.RefusedWithin,
        Caller = overload.Likeness switch { Likeness.Distinct => caller.Id, Likeness.Changing => ++nonce, _ => 7 },
        IsBack = overload.Likeness == Likeness.Counted ? caller.Tries > 1 : null,
        Tag = caller,
    };

    private void Collect(Instant now)
    {
        while (limiter.TryTakeReleased(out var call))
        {
            End(call, now);
        }
    }

    private void End(Call call, Instant now)
    {
        var caller = (Caller)call.Tag!;
        var isAtOnce = call.State == CallState.Admitted && now - call.SubmittedAt <= AtOnce;
        if (caller.Tries > 1 && !isAtOnce && missed.Count < 8)
        {
            missed.Add($"{caller.Id}, told {Seconds(caller.Told)}, came {Seconds(call.SubmittedAt)}, {call.State} {Seconds(now)}");
        }

        if (call.State == CallState.Refused)
        {
            farthest = Math.Max(farthest, (call.Refusal!.RetryAt - now).TotalSeconds);
            caller.Told = call.Refusal!.RetryAt.IsKnown ? overload.Told(call.Refusal.RetryAt, now) : call.Refusal.RetryAt;
            if (caller.Told.IsKnown && random.NextDouble() < overload.Returns)
            {
                At(caller.Told + TimeSpan.FromSeconds(2 * random.NextDouble()), later => Submit(caller, later));
            }
            else
            {
                unserved--;
            }

            return;
        }

        unserved--;
        admitted++;
        last = now;
        taken += caller.Tries > 1 ? 1 : 0;
        atOnce += caller.Tries > 1 && isAtOnce ? 1 : 0;
        At(now + (overload.Runs * (1 + ((random.NextDouble() - 0.5) * 2 / 3))), later =>
        {
            limiter.Settle(call.Reservation, new(ChargeOf(caller) with { Concurrent = 0 }, ChargeOf(caller) with { Concurrent = 0 }), later);
        });
    }

    private static string Seconds(Instant at) => (at - Start).TotalSeconds.ToString("0.00", System.Globalization.CultureInfo.InvariantCulture);

    private sealed class Caller(int id, string tenant, Priority priority)
    {
        public int Id => id;

        public string Tenant => tenant;

        public Priority Priority => priority;

        public int Tries { get; set; }

        public Instant Told { get; set; }
    }
}
