using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Leasing;

/// <summary>
/// The owner of one scope: a book for each of its budgets. An account owns its own budget and those of its deployments, a tenant its own.
/// A host keeps the state, and answers one ask at a time. Not thread-safe; keeps no clock.
/// </summary>
public sealed class LeaseOwner
{
    private const string AccountScope = "account:";
    private const string TenantScope = "tenant:";
    private readonly string scope;
    private readonly Dictionary<string, LeaseBook> books = new(StringComparer.Ordinal);

    private LeaseOwner(string scope) => this.scope = scope;

    /// <summary>Makes the owner of a scope.</summary>
    /// <param name="scope">The scope, as <c>account:openai-east</c> or <c>tenant:acme</c>.</param>
    /// <param name="spec">Where its limits are found.</param>
    /// <param name="policy">How to lend.</param>
    /// <param name="state">
    /// Its stored state; null where there is none. Then, and where it is of other limits, provider's budgets are not lent before all leases
    /// of a lost state have ended; a tenant's are at once, since no provider counts them and new tenants should not wait.
    /// </param>
    /// <param name="now">Now.</param>
    /// <exception cref="ArgumentException">There is no such scope.</exception>
    public static LeaseOwner Open(string scope, LimiterSpec spec, LeasePolicy policy, LeaseOwnerState? state, Instant now)
    {
        var owner = new LeaseOwner(scope);
        var isProviders = scope.StartsWith(AccountScope, StringComparison.Ordinal);
        foreach (var (name, limits) in BudgetsOf(scope, spec))
        {
            var book = new LeaseBook(limits, isProviders ? Caution.Unheard() : Caution.None(), policy);
            var kept = state is { Version: LeaseOwnerState.CurrentVersion } ? state.Books.GetValueOrDefault(name) : null;
            if (!(kept is not null && book.TryRestore(kept)) && isProviders)
                book.Doubt(now);
            owner.books.Add(name, book);
        }

        return owner;
    }

    /// <summary>Answers an ask. What it asks of budgets that are not of this scope is passed over.</summary>
    /// <exception cref="ArgumentException">The ask is malformed: its instance is at fault.</exception>
    public ScopeAnswer Answer(ScopeAsk ask, Instant now) => new(
        scope,
        [.. ask.Budgets.Where(of => books.ContainsKey(of.Budget)).Select(of => new BudgetLease(of.Budget, books[of.Budget].Ask(of.Ask, now)))]);

    /// <summary>The state to be stored.</summary>
    public LeaseOwnerState Save() => new() { Books = books.ToDictionary(book => book.Key, book => book.Value.Save(), StringComparer.Ordinal) };

    private static IEnumerable<(string Name, IReadOnlyList<Limit> Limits)> BudgetsOf(string scope, LimiterSpec spec)
    {
        if (scope.StartsWith(TenantScope, StringComparison.Ordinal))
        {
            var id = scope[TenantScope.Length..];
            return [(scope, (spec.Tenants.FirstOrDefault(tenant => tenant.Id == id) ?? spec.OtherTenants).Limits)];
        }

        var account = spec.Accounts.FirstOrDefault(account => AccountScope + account.Id == scope)
            ?? throw new ArgumentException($"There is no scope '{scope}'.", nameof(scope));
        return spec.Deployments
            .Where(deployment => deployment.Account == account.Id)
            .Select(deployment => ($"deployment:{deployment.Id}", deployment.Limits))
            .Append((scope, account.Limits));
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
