using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Tests.Invariants;

/// <summary>Plays a history on a limiter in virtual time, as a host would: it keeps the clock, wakes the limiter when it asks, and tells oracles.</summary>
internal sealed class Player(World world, Func<LimiterSpec, LimiterUnderTest> make, params Oracle[] oracles)
{
    /// <summary>How far the machine's clock may be from the truth where it jumps.</summary>
    public static readonly TimeSpan MostClockError = TimeSpan.FromMilliseconds(5);

    private const int MostAtOnce = 20;
    private const int MostWakes = 20_000;
    private readonly Dictionary<int, Ask> asks = [];
    private readonly List<int> waiting = [];
    private readonly List<(int Id, int Place, Instant ExpiresAt)> underWay = [];
    private readonly List<int> over = [];
    private readonly Dictionary<string, BudgetState> disk = [];
    private LimiterUnderTest limiter = make(world.Spec);
    private IReadOnlyList<BudgetState>? begun;
    private bool isKept;
    private int nextId;
    private int wakes;

    public World World => world;

    public LimiterUnderTest Limiter => limiter;

    public IEnumerable<Ask> Waiting => waiting.Select(id => asks[id]);

    /// <summary>How many calls are under way.</summary>
    public int UnderWay => underWay.Count;

    public Moment Now { get; private set; } = new(world.Start, world.Start);

    /// <summary>The call that a step hands in.</summary>
    public Func<World, int, Step, Ask> AskOf { get; init; } = Worlds.Ask;

    /// <summary>What a call comes to in the end, of what was held for it.</summary>
    public Func<Ask, Charge, Charge> FinalOf { get; init; } = Worlds.FinalOf;

    /// <summary>What a provider's answer says of its limits, for those who report any.</summary>
    public Func<Ask, int, Moment, IReadOnlyList<LimitReading>> Readings { get; init; } = (_, _, _) => [];

    /// <summary>How a provider's answer is decided by a step.</summary>
    public Func<Step, Observation> Answer { get; init; } = _ => new(OutcomeKind.Success);

    public void Play(History history)
    {
        foreach (var step in history.Steps)
        {
            Pass(TimeSpan.FromMilliseconds(step.GapMs));
            Tell(oracle => oracle.Rested(this, Now));
            Do(step);
            Listen();
            Tell(oracle => oracle.Rested(this, Now));
        }
    }

    /// <summary>Settles what is under way and lets time pass until nothing waits.</summary>
    public void End()
    {
        for (var rounds = 0; waiting.Count + underWay.Count > 0; rounds++)
        {
            Violation.Unless(rounds < 1000, () => $"{waiting.Count} calls still wait long after everything has ended.");
            SettleAll();
            KeepUp();
            Pass(TimeSpan.FromSeconds(5));
            Listen();
        }

        Tell(oracle => oracle.Ended(this, Now));
    }

    /// <summary>Keeps a checkpoint where calls wait for one.</summary>
    public void KeepUp()
    {
        for (var times = 0; limiter.NeedsCheckpoint; times++)
        {
            Violation.Unless(times < 100, () => "Calls wait for a checkpoint that does not help them.");
            Checkpoint();
        }
    }

    /// <summary>Settles everything that is under way.</summary>
    public void SettleAll()
    {
        for (var count = underWay.Count; count > 0; count--)
        {
            Settle(0);
            Listen();
        }
    }

    /// <summary>Time passes; the limiter is woken whenever it asked to be.</summary>
    public void Pass(TimeSpan span)
    {
        var (end, lag) = (Now.Real + span, Now.Real - Now.Local);
        while (limiter.NextWake is var wake && wake <= end - lag)
        {
            Violation.Unless(++wakes < MostWakes, () => "The limiter asks to be woken again and again.");
            Now = new(Instant.Max(Now.Local, wake) + lag, Instant.Max(Now.Local, wake));
            Expire();
            limiter.Advance(Now.Local);
            Listen();
        }

        Now = new(end, end - lag);
    }

    private void Do(Step step)
    {
        switch (step.Kind)
        {
            case StepKind.Submit:
                Submit(AskOf(world, nextId++, step));
                break;
            case StepKind.Burst:
                for (var i = 0; i < step.How % MostAtOnce; i++)
                {
                    Submit(AskOf(world, nextId++, step with { Size = step.Size * (i + 1) % (1 << 20) }));
                    Listen();
                }

                break;
            case StepKind.Settle when underWay.Count > 0:
                Settle(step.Who % underWay.Count);
                break;
            case StepKind.SettleAll:
                SettleAll();
                break;
            case StepKind.SettleAgain when over.Count > 0:
                SettleAgain(over[step.Who % over.Count]);
                break;
            case StepKind.Close:
                Close(step);
                break;
            case StepKind.Observe when underWay.Count > 0:
                Observe(step);
                break;
            case StepKind.Cancel when waiting.Count > 0:
                Cancel(asks[waiting[step.Who % waiting.Count]]);
                break;
            case StepKind.ClockBack:
                Now = Now with { Local = Now.Local - TimeSpan.FromMilliseconds(step.Size % 10_000) };
                break;
            case StepKind.ClockJump:
                Now = Now with { Local = Now.Real + TimeSpan.FromTicks((step.Size % (2 * MostClockError.Ticks)) - MostClockError.Ticks) };
                break;
            case StepKind.Outsider:
                MeetOutsider(step);
                break;
            case StepKind.BeginCheckpoint when begun is null:
                BeginCheckpoint();
                break;
            case StepKind.KeepCheckpoint when begun is not null:
                Keep();
                break;
            case StepKind.ConfirmCheckpoint when begun is not null && isKept:
                begun = null;
                limiter.ConfirmCheckpoint(Now.Local);
                break;
            case StepKind.Crash:
                Crash();
                break;
        }
    }

    public void Submit(Ask ask)
    {
        asks.Add(ask.Id, ask);
        waiting.Add(ask.Id);
        Tell(oracle => oracle.Submitted(ask, Now));
        limiter.Submit(ask, Now.Local);
    }

    private void Cancel(Ask ask)
    {
        Violation.Unless(limiter.Cancel(ask.Id, Now.Local), () => $"Call {ask.Id} waits, and can't be given up.");
        waiting.Remove(ask.Id);
        Tell(oracle => oracle.Cancelled(ask, Now));
    }

    private void Settle(int index)
    {
        var (id, place, _) = underWay[index];
        var ask = asks[id];
        var settlement = new Settlement(FinalOf(ask, ask.Provider[place]), FinalOf(ask, ask.Consumer));
        underWay.RemoveAt(index);
        over.Add(id);
        Tell(oracle => oracle.Settled(ask, place, settlement, Now));
        limiter.Settle(id, settlement, Now.Local);
    }

    private void SettleAgain(int id)
    {
        limiter.Settle(id, new(Charge.None, Charge.None), Now.Local);
    }

    private void Close(Step step)
    {
        var deployment = world.Spec.Deployments[step.Who % world.Spec.Deployments.Count];
        var isAccount = step.How % 2 == 0;
        var span = TimeSpan.FromMilliseconds(step.Size % 20_000);
        limiter.CoolDown(isAccount ? deployment.Account : deployment.Id, Now.Local + span, Now.Local);
        Tell(oracle => oracle.Closed(isAccount ? $"account:{deployment.Account}" : $"deployment:{deployment.Id}", span, Now));
    }

    private void Observe(Step step)
    {
        var (id, place, _) = underWay[step.Who % underWay.Count];
        var observation = Answer(step) with { Readings = Readings(asks[id], place, Now) };
        Tell(oracle => oracle.Observed(asks[id], place, observation, Now));
        limiter.Observe(id, observation, Now.Local);
    }

    // Whoever shares the key is noticed with the next answer, which here comes at once.
    private void MeetOutsider(Step step)
    {
        var ask = AskOf(world, nextId++, step);
        Tell(oracle => oracle.OutsiderCalled(ask, step, Now));
        Submit(ask);
        Listen();
        if (underWay.FindIndex(call => call.Id == ask.Id) is >= 0 and var index)
        {
            var place = underWay[index].Place;
            var observation = new Observation(OutcomeKind.Success) { Readings = Readings(ask, place, Now) };
            Tell(oracle => oracle.Observed(ask, place, observation, Now));
            limiter.Observe(ask.Id, observation, Now.Local);
        }
    }

    private void Expire()
    {
        for (var i = underWay.Count - 1; i >= 0; i--)
        {
            if (underWay[i].ExpiresAt <= Now.Local)
            {
                var (id, place, _) = underWay[i];
                var ask = asks[id];
                underWay.RemoveAt(i);
                over.Add(id);
                var spent = new Settlement(ask.Provider[place] with { Concurrent = 0 }, ask.Consumer with { Concurrent = 0 });
                Tell(oracle => oracle.Settled(ask, place, spent, Now));
            }
        }
    }

    private void Checkpoint()
    {
        BeginCheckpoint();
        Keep();
        begun = null;
        limiter.ConfirmCheckpoint(Now.Local);
        Listen();
    }

    private void BeginCheckpoint()
    {
        Tell(oracle => oracle.CheckpointBegun(Now));
        begun = limiter.BeginCheckpoint(Now.Local);
        isKept = false;
    }

    private void Keep()
    {
        Tell(oracle => oracle.CheckpointKept(Now));
        foreach (var state in begun!)
        {
            disk[state.Name] = state;
        }

        isKept = true;
    }

    private void Crash()
    {
        (begun, isKept) = (null, false);
        waiting.Clear();
        underWay.Clear();
        over.Clear();
        limiter = make(world.Spec);
        limiter.Restore(disk.Values, Now.Local);
        Tell(oracle => oracle.Crashed(Now));
    }

    /// <summary>Takes note of what was decided.</summary>
    public void Listen()
    {
        foreach (var outcome in limiter.Drain())
        {
            Violation.Unless(waiting.Remove(outcome.Id), () => $"Call {outcome.Id} does not wait, and was decided.");
            var ask = asks[outcome.Id];
            if (outcome.Refusal is { } refusal)
            {
                Tell(oracle => oracle.Refused(ask, refusal, Now));
                continue;
            }

            Violation.Unless(outcome.Place >= 0, () => $"Call {outcome.Id} was neither admitted nor refused.");
            underWay.Add((outcome.Id, outcome.Place, ask.ExpiresAfter is { } after ? Now.Local + after : Instant.Never));
            Tell(oracle => oracle.Admitted(ask, outcome.Place, Now));
        }
    }

    private void Tell(Action<Oracle> news)
    {
        foreach (var oracle in oracles)
        {
            news(oracle);
        }
    }
}
