using FuncLimiter.Core;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Leasing;

namespace FuncLimiter.Functions.Entities;

/// <summary>A scope's books, open for one operation.</summary>
internal sealed class BudgetOwner
{
    private readonly string _scope;
    private readonly LeaseSource _source;
    private readonly ScopeRecord? _before;
    private const int MostTaught = 32;

    private ScopeLimits? _limits;
    private IReadOnlyList<TeachingOutcome> _taught;
    private LeaseOwner _owner;
    private List<KeptAnswer> _answers;

    private BudgetOwner(string scope, LeaseSource source, OwnerState? state, ScopeRecord? before, Instant now)
    {
        (_scope, _source, _limits, _taught, _before) = (scope, source, state?.Limits, state?.Taught ?? [], before);
        _answers = [.. before?.Answers ?? []];
        _owner = Open(before, now);
    }

    /// <summary>Opens the books; those of an entity that never was are new.</summary>
    /// <param name="state">Its state; null before its first operation.</param>
    /// <param name="source">What the app goes by.</param>
    /// <exception cref="ArgumentException">There is no such scope (any more).</exception>
    public static BudgetOwner Open(string scope, OwnerState? state, LeaseSource source, Instant now)
    {
        // The backend loses no state: where there is none, nothing was ever lent. What can't be read may have been, and is waited out.
        var record = state is null ? Fresh(scope, source)
            : state.Version > OwnerState.Current ? null
            : ScopeRecord.Unpack(state.Packed);
        try
        {
            return new BudgetOwner(scope, source, state, record, now);
        }
        catch (Exception nonsense) when (record is not null && nonsense is not OutOfMemoryException)
        {
            // What another version wrote may be read and make no sense: an operation that fails would fail for ever.
            return new BudgetOwner(scope, source, state, null, now);
        }
    }

    /// <summary>
    /// What is left of a state that is to be forgotten: null once no lease can be in force any more, until then a state that can't be read,
    /// so that whoever asks waits for that.
    /// </summary>
    public static OwnerState? Forget(OwnerState? state, LeasePolicy policy, Instant now)
    {
        if (state is null)
        {
            return null;
        }

        var since = Instant.From(state.At);
        var lent = ScopeRecord.Unpack(state.Packed)?.Owner.Books.Values.SelectMany(book => book.Tenures).Select(tenure => tenure.Answer?.ExpiresAt);
        var end = lent is null
            ? since + LongestLease(policy)
            : lent.Aggregate(Instant.Distant, (latest, ends) => Instant.Max(latest, ends ?? Instant.Distant)) + 2 * policy.ClockMargin;
        return end <= now ? null
            : lent is null ? state
            : new OwnerState { At = now.ToDateTimeOffset() };
    }

    /// <summary>Takes in an instance's asks and lends. The same ask again gets the same answer.</summary>
    public void Answer(ScopeAsk ask, Instant now)
    {
        if (ask.Budgets.Count == 0)
        {
            return;
        }

        var instance = ask.Budgets[0].Ask.Instance;
        var answer = _owner.Answer(ask, now);

        // One that comes again, or late, is answered already: what its instance reads stays as it was first given.
        if (_answers.Find(kept => kept.Instance == instance) is not { } kept || IsNewer(answer, kept.Answer))
        {
            _answers.RemoveAll(old => old.Instance == instance);
            _answers.Add(new KeptAnswer(instance, now, answer));
        }
    }

    /// <summary>Closes a budget until an instant, or opens it where that has passed. What is not of this scope is passed over.</summary>
    public void CoolDown(ScopeCooldown cooldown, Instant now) => _owner.CoolDown(cooldown.Budget, cooldown.Until, now);

    /// <summary>Takes a person's word on what was learned. One that comes again changes nothing.</summary>
    public void Teach(ScopeTeaching teaching, Instant now)
    {
        if (_taught.All(done => done.Id != teaching.Id))
        {
            var isDone = teaching.Rule is { } rule ? _owner.Pin(teaching.Budget, teaching.Dimension, rule, now) : _owner.Forget(teaching.Budget, now);
            _taught = [.. _taught.TakeLast(MostTaught - 1), new(teaching.Id, isDone)];
        }
    }

    /// <summary>Sets other amounts than the configuration's.</summary>
    public void Configure(ScopeLimits limits, Instant now)
    {
        if (_limits?.Sequence >= limits.Sequence)
        {
            return;
        }

        var record = Record();
        _limits = limits;
        _owner = Open(record, now);
    }

    /// <summary>The state to be stored.</summary>
    public OwnerState Save(Instant now)
    {
        _answers = [.. _answers.Where(kept => now - kept.At < _source.Policy.Duration)];
        var record = Record();
        return new OwnerState
        {
            At = now.ToDateTimeOffset(),
            Instances = record.Owner.Books.Values.Select(book => book.Tenures.Count).DefaultIfEmpty(0).Max(),
            Limits = _limits,
            Taught = _taught,
            Packed = record.Pack(),
        };
    }

    // Of either kind of scope.
    private static TimeSpan LongestLease(LeasePolicy policy) => 2 * (policy.Duration + policy.ClockMargin);

    private static bool IsNewer(ScopeAnswer answer, ScopeAnswer than) => answer.Budgets.Any(
        lease => than.Budgets.FirstOrDefault(other => other.Budget == lease.Budget) is not { } other || lease.Lease.Answers > other.Lease.Answers);

    // A tenants' owner needs none: it makes a tenant's book when that is asked for.
    private static ScopeRecord Fresh(string scope, LeaseSource source) => new()
    {
        Owner = new LeaseOwnerState
        {
            Books = LeaseScope.IsTenants(scope) ? new Dictionary<string, LeaseBookState>() : LeaseScope.Budgets(scope, source.Spec, source.Policy)
                .ToDictionary(budget => budget.Key, budget => new LeaseBook(budget.Value, Caution.Unheard(), source.Policy).Save()),
        },
    };

    private ScopeRecord Record() => new() { Owner = _owner.Save(), Answers = _answers };

    private LeaseOwner Open(ScopeRecord? record, Instant now) => LeaseOwner.Open(_scope, Spec(), _source.Policy, record?.Owner, now);

    private LimiterSpec Spec() => _limits is null
        ? _source.Spec
        : _source.Spec with
        {
            Accounts = [.. _source.Spec.Accounts.Select(account => account with { Limits = Amended($"account:{account.Id}", account.Limits) })],
            Deployments = [.. _source.Spec.Deployments.Select(deployment => deployment with { Limits = Amended($"deployment:{deployment.Id}", deployment.Limits) })],
            SharedLimits = [.. _source.Spec.SharedLimits.Select(shared => shared with { Limits = Amended($"shared:{shared.Id}", shared.Limits) })],
            Tenants = [.. _source.Spec.Tenants.Select(tenant => tenant with { Limits = Amended($"tenant:{tenant.Id}", tenant.Limits) })],
        };

    private IReadOnlyList<Limit> Amended(string budget, IReadOnlyList<Limit> limits) =>
        _limits!.Amounts.TryGetValue(budget, out var amounts) && amounts.Length == limits.Count
            ? [.. limits.Zip(amounts, (limit, amount) => limit with { Amount = Math.Max(1, amount), IsOpen = false })]
            : limits;
}
