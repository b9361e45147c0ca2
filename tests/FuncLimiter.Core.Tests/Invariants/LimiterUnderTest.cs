using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Tests.Invariants;

/// <summary>
/// The seam between a history and the limiter it is played on. This one hands everything on to the real limiter; the broken ones override
/// one thing each, and the properties must notice.
/// </summary>
internal class LimiterUnderTest
{
    private readonly Dictionary<int, (Ask Ask, Call Call)> calls = [];
    private readonly List<Outcome> outcomes = [];
    private Instant now;

    public LimiterUnderTest(LimiterSpec spec) => Limiter = new(spec);

    public virtual Instant NextWake => Limiter.NextWake;

    public virtual bool NeedsCheckpoint => Limiter.NeedsCheckpoint;

    protected Limiter Limiter { get; }

    /// <summary>Whether something was decided since the last <see cref="Drain"/>.</summary>
    protected bool HasReleased => outcomes.Exists(outcome => outcome.Refusal is null);

    protected IEnumerable<int> WaitingIds => calls.Where(entry => entry.Value.Call.State == CallState.Waiting).Select(entry => entry.Key);

    protected IEnumerable<int> UnderWayIds => calls.Where(entry => entry.Value.Call.State == CallState.Admitted).Select(entry => entry.Key);

    /// <summary>Hands a call in; what becomes of it comes out of <see cref="Drain"/>.</summary>
    public virtual void Submit(Ask ask, Instant now)
    {
        this.now = now;
        var call = ToCall(ask);
        call.Tag = ask.Id;
        calls.Add(ask.Id, (ask, call));
        if (Limiter.Submit(call, now) != CallState.Waiting)
        {
            Report(call);
        }

        Collect();
    }

    public virtual bool Cancel(int id, Instant now)
    {
        var cancelled = Limiter.Cancel(calls[id].Call, now);
        Collect();
        return cancelled;
    }

    public virtual void Settle(int id, Settlement settlement, Instant now)
    {
        Limiter.Settle(calls[id].Call.Reservation, settlement, now);
        Collect();
    }

    public virtual void Observe(int id, Observation observation, Instant now)
    {
        Limiter.Observe(calls[id].Call.Reservation, observation, now);
        Collect();
    }

    public virtual void Advance(Instant now)
    {
        this.now = now;
        Limiter.Advance(now);
        Collect();
    }

    public virtual void CoolDown(string scope, Instant until, Instant now)
    {
        Limiter.CoolDown(scope, until, now);
        Collect();
    }

    public virtual IReadOnlyList<BudgetState> BeginCheckpoint(Instant now) => Limiter.BeginCheckpoint(now);

    public virtual void ConfirmCheckpoint(Instant now)
    {
        Limiter.ConfirmCheckpoint(now);
        Collect();
    }

    public virtual void Restore(IEnumerable<BudgetState> states, Instant now) => Limiter.Restore(states, now);

    public LimiterReport State(Instant now) => Limiter.Report(now);

    /// <summary>What was decided since the last time, in order.</summary>
    public IReadOnlyList<Outcome> Drain()
    {
        Outcome[] drained = [.. outcomes];
        outcomes.Clear();
        return drained;
    }

    protected Ask AskOf(int id) => calls[id].Ask;

    protected int PlaceOf(int id) => calls[id].Call.Place;

    protected bool IsRefused(int id) => calls[id].Call.State == CallState.Refused;

    protected virtual Call ToCall(Ask ask) => new()
    {
        Route = ask.Route,
        Tenant = ask.Tenant,
        User = ask.User,
        Caller = ask.Caller,
        Priority = ask.Priority,
        Consumer = ask.Consumer,
        Provider = ask.Provider,
        MaxWait = ask.MaxWait,
        Excluded = ask.Excluded,
        ExpiresAfter = ask.ExpiresAfter,
    };

    protected virtual void Report(Call call) => outcomes.Add(call.State == CallState.Admitted
        ? new((int)call.Tag!, call.Place, null)
        : new((int)call.Tag!, -1, Word(call.Refusal!, now)));

    /// <summary>How a refusal is told.</summary>
    protected virtual Refusal Word(Refusal refusal, Instant now) => refusal;

    /// <summary>Reports a call as let out, whatever the limiter says.</summary>
    protected void LetGo(int id) => outcomes.Add(new(id, 0, null));

    private void Collect()
    {
        while (Limiter.TryTakeReleased(out var call))
        {
            Report(call);
        }
    }
}
