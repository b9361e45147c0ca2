using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Leasing;

/// <summary>
/// Leases all budgets of a limiter from their owners. Not thread-safe, as the limiter itself: the host asks what is due, carries the asks
/// to the owners, one for each scope at a time, and hands the answers to <see cref="Limiter.Apply"/>.
/// </summary>
public sealed class LeaseDesk
{
    private const int MostUsersAnAsk = 200;
    private readonly LeaseTerms terms;
    private readonly Dictionary<string, Budget> budgets = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<LeasedBudget>> scopes = new(StringComparer.Ordinal);
    private readonly Dictionary<Pool, List<LeasedBudget>> byPool = [];
    private readonly Dictionary<string, Instant> waitUntil = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Instant> askedAt = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TimeSpan> pauseForUsers = new(StringComparer.Ordinal);

    internal LeaseDesk(LeaseTerms terms) => this.terms = terms;

    /// <summary>How much clocks may differ in the time of a lease.</summary>
    internal TimeSpan ClockMargin => terms.Policy.ClockMargin;

    /// <summary>More time may have passed than was seen: nothing that is held may be used any more, and the owners are asked at once.</summary>
    internal void Void(Instant now)
    {
        waitUntil.Clear();
        foreach (var member in Members())
        {
            member.Hold.Void(now);
        }
    }

    /// <summary>When the first ask is due; <see cref="Instant.Unknown"/> for not before another event.</summary>
    public Instant NextAskAt(Instant now)
    {
        var next = Instant.Unknown;
        foreach (var (scope, members) in scopes)
        {
            next = Instant.Min(next, DueAt(scope, members, now));
        }

        return next;
    }

    /// <summary>
    /// Makes the asks that are due, one message a scope. A scope is not asked again before it answers or the wait for that is over.
    /// </summary>
    public IReadOnlyList<ScopeAsk> TakeDue(Instant now)
    {
        var due = new List<ScopeAsk>();
        foreach (var (scope, members) in scopes)
        {
            if (DueAt(scope, members, now) <= now)
            {
                (waitUntil[scope], askedAt[scope]) = (now + terms.Policy.AnswerWithin, now);
                var soon = now + terms.Policy.RefreshEvery / 2;
                var users = members.Where(member => member.IsOnDemand && member.AskAt(now) <= soon).OrderBy(member => member.AskAt(now)).Take(MostUsersAnAsk);
                due.Add(new(scope, [
                    .. members.Where(member => !member.IsOnDemand && member.AskAt(now).IsKnown).Concat(users).Select(member => Ask(member, now))]));
            }
        }

        return due;
    }

    /// <summary>
    /// Asks for a part of every budget before the first call comes, so that it need not wait for an owner's answer: for as long as a lease
    /// holds. Windows and users' budgets are asked for as calls come.
    /// </summary>
    public void Expect(Instant now)
    {
        foreach (var member in Members().Where(member => member.MayBeExpected))
        {
            member.Expect(now);
        }
    }

    /// <summary>Whether everything that <see cref="Expect"/> asks for has been had.</summary>
    public bool IsReady(Instant now) => Members().All(member => !member.MayBeExpected || member.IsReady(now));

    /// <summary>Gives everything back, before the process ends.</summary>
    public IReadOnlyList<ScopeAsk> Leave(Instant now) =>
    [
        .. scopes.Select(scope => new ScopeAsk(scope.Key, [
            .. scope.Value.Where(member => member.Hold.ExpiresAt != Instant.Distant).Select(member => member.Leave(now))]))
            .Where(scope => scope.Budgets.Count > 0),
    ];

    /// <summary>Leases the budgets of every deployment: its own and its account's are one scope, a shared one is a scope of its own.</summary>
    internal void Lease(Topology topology)
    {
        foreach (var deployment in topology.Deployments)
        {
            foreach (var budget in deployment.Scopes)
            {
                if (budget is { Lease: null, IsSuspected: false })
                {
                    var isShared = deployment.Scopes[2..].Contains(budget);
                    Lease(budget, isShared ? budget.Name : deployment.Account.Name, deployment.Pool, terms);
                }
            }
        }
    }

    /// <summary>Leases a tenant's budget, with those of other tenants.</summary>
    internal void Lease(Budget tenant)
    {
        var scope = LeaseScope.OfTenant(LeaseScope.TenantOf(tenant.Name)!, terms.Policy);
        Lease(tenant, scope, null, terms with { Policy = terms.Policy.ForTenants });
    }

    /// <summary>Leases the budget of one of a tenant's users, from the tenant's owner.</summary>
    internal void LeaseUser(string tenant, Budget user)
    {
        var scope = LeaseScope.OfTenant(tenant, terms.Policy);
        Lease(user, scope, null, terms with { Policy = terms.Policy.ForUsers }, isOnDemand: true);
    }

    /// <summary>Drops the budget of a user that holds nothing any more.</summary>
    internal void ForgetUser(string tenant, Budget user)
    {
        budgets.Remove(user.Name);
        scopes[LeaseScope.OfTenant(tenant, terms.Policy)].Remove(user.Lease!);
    }

    private void Lease(Budget budget, string scope, Pool? pool, LeaseTerms terms, bool isOnDemand = false)
    {
        var leased = new LeasedBudget(budget.Name, [.. budget.Meters.Select(meter => meter.Limit)], terms, isOnDemand) { Learners = [.. budget.Learners] };
        foreach (var learner in budget.Learners)
        {
            learner.KeepTotals();
        }

        budget.Lease = leased;
        budgets.Add(budget.Name, budget);
        Add(scopes, scope, leased);
        if (pool is not null)
        {
            Add(byPool, pool, leased);
        }
    }

    internal void Apply(ScopeAnswer answer, Instant now)
    {
        waitUntil.Remove(answer.Scope);
        foreach (var (name, lease) in answer.Budgets)
        {
            if (budgets.TryGetValue(name, out var budget))
            {
                if (budget.Lease!.Apply(lease, now))
                {
                    if (budget.Lease.TellsLearned(lease))
                    {
                        budget.FollowLearned(lease.Charging, lease.ForgottenAt, now);
                    }

                    budget.FollowUse(now);
                }

                if (budget.Lease.IsOnDemand)
                {
                    pauseForUsers[answer.Scope] = lease.Pause ?? terms.Policy.MinRefresh;
                }

                budget.FollowOwner(now);
            }
        }
    }

    /// <summary>Counts a call that came, at every budget that it may charge.</summary>
    internal static void Arrive(Call call, Instant now)
    {
        call.Owner!.Budget.Lease?.Demand.Arrive(call.Owner, call.Priority, call.Consumer, 1, now);
        call.OwnerRoute?.Budget.Lease?.Demand.Arrive(call.Owner, call.Priority, call.Consumer, 1, now);
        call.OwnerUser?.Budget.Lease?.Demand.Arrive(call.Owner, call.Priority, call.Consumer, 1, now);
        for (var (i, part) = (0, PartOfEach(call)); i < call.Lane!.Places.Length; i++)
        {
            if (MayServe(call, i))
            {
                foreach (var scope in call.Lane.Places[i].Scopes)
                {
                    scope.Lease?.Demand.Arrive(call.Owner, call.Priority, call.Provider[i], part, now);
                }
            }
        }
    }

    /// <summary>Counts a call that waits (1), or waits no longer (-1).</summary>
    internal static void Wait(Call call, int sign)
    {
        call.Owner!.Budget.Lease?.Demand.Wait(call.Owner, call.Priority, call.Consumer, 1, sign);
        call.OwnerRoute?.Budget.Lease?.Demand.Wait(call.Owner, call.Priority, call.Consumer, 1, sign);
        call.OwnerUser?.Budget.Lease?.Demand.Wait(call.Owner, call.Priority, call.Consumer, 1, sign);
        for (var (i, part) = (0, PartOfEach(call)); i < call.Lane!.Places.Length; i++)
        {
            if (MayServe(call, i))
            {
                foreach (var scope in call.Lane.Places[i].Scopes)
                {
                    scope.Lease?.Demand.Wait(call.Owner, call.Priority, call.Provider[i], part, sign);
                }
            }
        }
    }

    /// <summary>
    /// How a pool's capacity here is meant to be divided, by tenant and class: in the owners' division a tenant that also has calls
    /// elsewhere has a part of its share here. Empty while all get what they want.
    /// </summary>
    internal IReadOnlyDictionary<(string Tenant, Priority Priority), double> Meant(Pool pool)
    {
        var meant = new Dictionary<(string, Priority), double>();
        if (byPool.TryGetValue(pool, out var leased) && leased.Any(budget => budget.Parts.Any(part => part.Share.Part < 1)))
        {
            foreach (var (share, cost) in leased.SelectMany(budget => budget.Parts))
            {
                var key = (share.Tenant, share.Priority);
                meant[key] = meant.GetValueOrDefault(key) + (share.Part * cost);
            }
        }

        return meant;
    }

    // A call goes to one of the targets that may serve it; which, nobody knows yet. Where none may, to the first fallback that may.
    private static bool MayServe(Call call, int place)
    {
        var open = ~call.Excluded & ((call.Lane!.Places.Length == 64 ? 0 : 1UL << call.Lane.Places.Length) - 1);
        var targets = open & ((call.Lane.Targets == 64 ? 0 : 1UL << call.Lane.Targets) - 1);
        return ((targets != 0 ? targets : open & (~open + 1)) >> place & 1) != 0;
    }

    private static double PartOfEach(Call call)
    {
        var targets = 0;
        for (var i = 0; i < call.Lane!.Places.Length; i++)
        {
            targets += MayServe(call, i) ? 1 : 0;
        }

        return 1.0 / Math.Max(1, targets);
    }

    private BudgetAsk Ask(LeasedBudget member, Instant now)
    {
        budgets[member.Name].NoteUse(now);
        return member.Ask(now);
    }

    private IEnumerable<LeasedBudget> Members() => scopes.Values.SelectMany(members => members);

    private Instant DueAt(string scope, List<LeasedBudget> members, Instant now)
    {
        var due = Instant.Unknown;
        foreach (var member in members)
        {
            // What users want is gathered: there may be as many as there are calls.
            var at = member.AskAt(now);
            due = Instant.Min(due, member.IsOnDemand && askedAt.TryGetValue(scope, out var last) ? Instant.Max(at, last + PauseForUsers(scope)) : at);
        }

        return waitUntil.TryGetValue(scope, out var until) ? Instant.Max(due, until) : due;
    }

    private TimeSpan PauseForUsers(string scope) => pauseForUsers.GetValueOrDefault(scope, terms.Policy.MinRefresh);

    private static void Add<TKey>(Dictionary<TKey, List<LeasedBudget>> lists, TKey key, LeasedBudget budget)
        where TKey : notnull
    {
        if (!lists.TryGetValue(key, out var list))
        {
            lists.Add(key, list = []);
        }

        list.Add(budget);
    }
}
