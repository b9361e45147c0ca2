using FuncLimiter.Core;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Leasing;

namespace FuncLimiter.Functions.Entities;

/// <summary>A scope's books, open for one operation.</summary>
internal sealed class BudgetOwner
{
    private const string Operator = "operator";
    private readonly string _scope;
    private readonly LeaseSource _source;
    private readonly ScopeRecord? _before;
    private ScopeLimits? _limits;
    private LeaseOwner _owner;
    private List<KeptAnswer> _answers;

    private BudgetOwner(string scope, LeaseSource source, ScopeLimits? limits, ScopeRecord? before, Instant now)
    {
        (_scope, _source, _limits, _before) = (scope, source, limits, before);
        _answers = [.. before?.Answers ?? []];
        _owner = Open(before, now);
    }

    /// <summary>Opens the books; those of an entity that never was are new.</summary>
    /// <param name="scope">The entity's key.</param>
    /// <param name="state">Its state; null before its first operation.</param>
    /// <param name="source">What the app goes by.</param>
    /// <param name="now">Now.</param>
    /// <exception cref="ArgumentException">There is no such scope (any more).</exception>
    public static BudgetOwner Open(string scope, OwnerState? state, LeaseSource source, Instant now)
    {
        // The backend loses no state: where there is none, nothing was ever lent. What can't be read may have been, and is waited out.
        var record = state is null ? Fresh(scope, source)
            : state.Version > OwnerState.Current ? null
            : ScopeRecord.Unpack(state.Packed);
        return new BudgetOwner(scope, source, state?.Limits, record, now);
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

    /// <summary>Closes a budget until an instant, or opens it where that has passed.</summary>
    public void CoolDown(ScopeCooldown cooldown, Instant now)
    {
        if (!Budgets(_scope, Spec()).TryGetValue(cooldown.Budget, out var limits))
        {
            return;
        }

        var span = cooldown.Until > now ? cooldown.Until - now : TimeSpan.Zero;
        LeaseReport[] lines = [.. limits.Select(_ => new LeaseReport(0, 0, 0, 0, []))];
        var ask = new LeaseAsk(Operator, now.Ticks, 0, [], lines) { Leaving = true, ClosedFor = span };
        _owner.Answer(new ScopeAsk(_scope, [new BudgetAsk(cooldown.Budget, ask)]), now);
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
            Packed = record.Pack(),
        };
    }

    private static bool IsNewer(ScopeAnswer answer, ScopeAnswer than) => answer.Budgets.Any(
        lease => than.Budgets.FirstOrDefault(other => other.Budget == lease.Budget) is not { } other || lease.Lease.Answers > other.Lease.Answers);

    private static ScopeRecord Fresh(string scope, LeaseSource source)
    {
        var budgets = Budgets(scope, source.Spec);
        return new ScopeRecord
        {
            Owner = new LeaseOwnerState
            {
                Books = budgets.ToDictionary(budget => budget.Key, budget => new LeaseBook(budget.Value, CautionOf(scope), source.Policy).Save()),
            },
            Amounts = AmountsOf(budgets),
        };
    }

    // Nobody but the app itself counts a tenant's limits.
    private static Caution CautionOf(string scope) => scope.StartsWith("tenant:", StringComparison.Ordinal) ? Caution.None() : Caution.Unheard();

    private static Dictionary<string, IReadOnlyList<Limit>> Budgets(string scope, LimiterSpec spec) => new[]
    {
        spec.Accounts.Select(account => (Scope: $"account:{account.Id}", Budget: $"account:{account.Id}", account.Limits)),
        spec.Deployments.Select(deployment => (Scope: $"account:{deployment.Account}", Budget: $"deployment:{deployment.Id}", deployment.Limits)),
        spec.Tenants.Select(tenant => (Scope: $"tenant:{tenant.Id}", Budget: $"tenant:{tenant.Id}", tenant.Limits)),
    }.SelectMany(entries => entries).Where(entry => entry.Scope == scope).ToDictionary(entry => entry.Budget, entry => entry.Limits, StringComparer.Ordinal);

    private static Dictionary<string, long[]> AmountsOf(Dictionary<string, IReadOnlyList<Limit>> budgets) =>
        budgets.ToDictionary(budget => budget.Key, budget => budget.Value.Select(limit => limit.Amount).ToArray());

    private ScopeRecord Record() => new() { Owner = _owner.Save(), Amounts = AmountsOf(Budgets(_scope, Spec())), Answers = _answers };

    private LeaseOwner Open(ScopeRecord? record, Instant now) =>
        LeaseOwner.Open(_scope, Spec(), _source.Policy, record is null ? null : Relearned(record), now);

    /// <summary>What a provider said of a limit holds as long as the limit does: one that was changed is believed again.</summary>
    private LeaseOwnerState Relearned(ScopeRecord record)
    {
        var amounts = AmountsOf(Budgets(_scope, Spec()));
        return record.Owner with
        {
            Books = record.Owner.Books.ToDictionary(
                book => book.Key,
                book => amounts.GetValueOrDefault(book.Key) is { } now && record.Amounts.GetValueOrDefault(book.Key) is { } before && now.SequenceEqual(before)
                    ? book.Value
                    : book.Value with { Accounts = [.. book.Value.Accounts.Select(account => account with { Learned = double.MaxValue })] }),
        };
    }

    private LimiterSpec Spec() => _limits is null
        ? _source.Spec
        : _source.Spec with
        {
            Accounts = [.. _source.Spec.Accounts.Select(account => account with { Limits = Amended($"account:{account.Id}", account.Limits) })],
            Deployments = [.. _source.Spec.Deployments.Select(deployment => deployment with { Limits = Amended($"deployment:{deployment.Id}", deployment.Limits) })],
            Tenants = [.. _source.Spec.Tenants.Select(tenant => tenant with { Limits = Amended($"tenant:{tenant.Id}", tenant.Limits) })],
        };

    private IReadOnlyList<Limit> Amended(string budget, IReadOnlyList<Limit> limits) =>
        _limits!.Amounts.TryGetValue(budget, out var amounts) && amounts.Length == limits.Count
            ? [.. limits.Zip(amounts, (limit, amount) => limit with { Amount = Math.Max(1, amount) })]
            : limits;
}
