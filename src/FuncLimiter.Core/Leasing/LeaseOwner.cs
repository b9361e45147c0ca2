using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Leasing;

/// <summary>
/// The owner of one scope's budgets, with a book for each: those of an account and its deployments (<c>account:openai-east</c>), or those
/// of a part of the tenants (<c>tenants:0</c>). A host keeps the state, and answers one ask at a time. Not thread-safe; keeps no clock.
/// </summary>
public sealed class LeaseOwner
{
    private readonly string scope;
    private readonly LimiterSpec spec;
    private readonly LeasePolicy policy;
    private readonly Dictionary<string, LeaseBook> books = new(StringComparer.Ordinal);

    private LeaseOwner(string scope, LimiterSpec spec, LeasePolicy policy) => (this.scope, this.spec, this.policy) = (scope, spec, policy);

    /// <summary>Makes the owner of a scope.</summary>
    /// <param name="scope">The scope, as an ask names it.</param>
    /// <param name="spec">Where its limits are found.</param>
    /// <param name="policy">How to lend.</param>
    /// <param name="state">
    /// Its stored state; null where there is none. Then, and where it is of other limits, a provider's budgets are not lent before all
    /// leases of a lost state have ended; a tenant's are at once, since no provider counts them and new tenants should not wait.
    /// </param>
    /// <exception cref="ArgumentException">There is no such scope.</exception>
    public static LeaseOwner Open(string scope, LimiterSpec spec, LeasePolicy policy, LeaseOwnerState? state, Instant now)
    {
        var owner = new LeaseOwner(scope, spec, policy);
        var kept = state is { Version: LeaseOwnerState.CurrentVersion } ? state.Books : new Dictionary<string, LeaseBookState>();
        if (LeaseScope.IsTenants(scope))
        {
            foreach (var (name, book) in kept)
            {
                owner.Find(name)?.TryRestore(book);
            }

            return owner;
        }

        var budgets = LeaseScope.Budgets(scope, spec, policy);
        if (budgets.Count == 0)
        {
            throw new ArgumentException($"There is no scope '{scope}'.", nameof(scope));
        }

        foreach (var (name, limits) in budgets)
        {
            var book = new LeaseBook(limits, Caution.Unheard(), policy);
            var old = kept.GetValueOrDefault(name);
            if (old is null || !book.TryRestore(old.Sharing is { } word && !MayHold(word, spec) ? old with { Sharing = null } : old))
            {
                book.Doubt(now);
                book.KeepPins(old ?? new());
            }

            owner.books.Add(name, book);
        }

        return owner;
    }

    /// <summary>Answers an ask. What it asks of budgets that are not of this scope is passed over.</summary>
    /// <exception cref="ArgumentException">The ask is malformed: its instance is at fault.</exception>
    public ScopeAnswer Answer(ScopeAsk ask, Instant now)
    {
        var answers = new List<BudgetLease>(ask.Budgets.Count);
        LetUsersEnd(now);
        foreach (var (name, wanted) in ask.Budgets)
        {
            if (Find(name) is { } book)
            {
                answers.Add(new(name, book.Ask(wanted, now)));
            }
        }

        // A user's book knows only the instances that serve this user. The owner answers them all, so the pause is by the number of all.
        if (answers.Exists(answer => LeaseScope.IsUser(answer.Budget)))
        {
            var pause = policy.PauseOf(books.Values.SelectMany(book => book.Instances).Distinct(StringComparer.Ordinal).Count());
            answers = [.. answers.Select(answer => LeaseScope.IsUser(answer.Budget) ? answer with { Lease = answer.Lease with { Pause = pause } } : answer)];
        }

        return new(scope, answers);
    }

    /// <summary>Closes a budget until an instant, or opens it where that has passed. False where it is not of this scope.</summary>
    public bool CoolDown(string budget, Instant until, Instant now)
    {
        if (Find(budget) is not { } book)
        {
            return false;
        }

        book.CoolDown(until, now);
        return true;
    }

    /// <summary>
    /// Charges a provider's budget by a rule that a person named, until what was learned of it is forgotten. False where it is not of this scope,
    /// or nothing in it is charged by that rule.
    /// </summary>
    /// <param name="budget">The budget's name.</param>
    /// <param name="dimension">Which tokens.</param>
    /// <param name="rule">The rule.</param>
    public bool Pin(string budget, Dimension dimension, ChargeRule rule, Instant now) =>
        books.TryGetValue(budget, out var book) && !LeaseScope.IsTenants(scope) && book.Pin(dimension, rule, now);

    /// <summary>Forgets what was learned of a provider's budget. False where it is not of this scope.</summary>
    /// <param name="budget">The budget's name.</param>
    public bool Forget(string budget, Instant now)
    {
        if (LeaseScope.IsTenants(scope) || !books.TryGetValue(budget, out var book))
        {
            return false;
        }

        book.Forget(now);
        return true;
    }

    /// <summary>The state to be stored. Tenants books with nothing lent and nothing used are not: a new one is the same.</summary>
    public LeaseOwnerState Save() => new()
    {
        Books = books
            .Where(book => !LeaseScope.IsTenants(scope) || !book.Value.IsWhole)
            .ToDictionary(book => book.Key, book => book.Value.Save(), StringComparer.Ordinal),
    };

    // A person may have written the limit since, or taken one of those that share it away.
    private static bool MayHold(SharingWord word, LimiterSpec spec)
    {
        var written = word.Budgets.Select(budget => spec.Deployments
            .Where(deployment => $"deployment:{deployment.Id}" == budget || LeaseScope.OfAccount(deployment.Account) == budget)
            .Select(deployment => deployment.SharedLimits)
            .ToArray()).ToArray();
        return written.All(member => member.Length > 0) && !written.SelectMany(member => member).Aggregate((one, other) => [.. one.Intersect(other)]).Any();
    }

    private bool HasRoomForUser() => books.Keys.Count(LeaseScope.IsUser) < policy.MaxUsers;

    // No instance may ever ask for a user again. Then its leases end by themselves, and its book goes.
    private void LetUsersEnd(Instant now)
    {
        foreach (var (name, book) in books.Where(book => LeaseScope.IsUser(book.Key)).ToArray())
        {
            book.Advance(now);
            if (book.IsWhole)
            {
                books.Remove(name);
            }
        }
    }

    private LeaseBook? Find(string budget)
    {
        if (!books.TryGetValue(budget, out var book) && LeaseScope.TenantOf(budget) is { } id && LeaseScope.OfTenant(id, policy) == scope)
        {
            books.Add(budget, book = new(LeaseScope.LimitsOf(id, spec), Caution.None(), policy.ForTenants));
        }
        else if (book is null && LeaseScope.UserOf(budget, spec) is { } user && LeaseScope.OfTenant(user.Tenant, policy) == scope && HasRoomForUser())
        {
            books.Add(budget, book = new(user.Limits, Caution.None(), policy.ForUsers));
        }

        return book;
    }
}

/// <summary>Everything an owner must remember between two operations; plain data, to be stored as an entity's state.</summary>
public sealed record LeaseOwnerState
{
    internal const int CurrentVersion = 1;

    /// <summary>The form of the state; one of another version is not taken up.</summary>
    public int Version { get; init; } = CurrentVersion;

    /// <summary>The books' states by budget.</summary>
    public IReadOnlyDictionary<string, LeaseBookState> Books { get; init; } = new Dictionary<string, LeaseBookState>();
}
