using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Gateway.Configuration;

/// <summary>What a key may be used for.</summary>
public enum KeyUse
{
    /// <summary>A tenant's: calls on the paths of providers.</summary>
    Calls,

    /// <summary>A tenant's: jobs, however they are handed in.</summary>
    Jobs,

    /// <summary>A tenant's: reservations and their settlements.</summary>
    Reservations,

    /// <summary>A tenant's: reading its own use, status and metrics.</summary>
    Usage,

    /// <summary>An operator's: seeing everything.</summary>
    Look,

    /// <summary>An operator's: changing things.</summary>
    Change,
}

/// <summary>A key as the configuration knows it: by its hash, never by itself.</summary>
/// <param name="Hash">Its SHA-256, lower-case hexadecimal.</param>
internal sealed record AccessKey(string Hash)
{
    private const int ShownOfHash = 8;

    /// <summary>How the key begins, for people to tell keys apart; null where the configuration doesn't say.</summary>
    public string? Prefix { get; init; }

    /// <summary>The last day, in UTC, on which it is taken; null for ever.</summary>
    public DateOnly? Expires { get; init; }

    /// <summary>What it may be used for; null for everything that its owner may do.</summary>
    public IReadOnlySet<KeyUse>? Scope { get; init; }

    /// <summary>Its name for people: how it begins, else how its hash does.</summary>
    public string Name => Prefix is null ? Hash[..Math.Min(ShownOfHash, Hash.Length)] : $"{Prefix}...";

    /// <summary>Whether it may be used for something.</summary>
    public bool Allows(KeyUse use) => Scope?.Contains(use) ?? true;

    /// <summary>Whether its last day is over.</summary>
    public bool IsExpired(DateTimeOffset now) => Expires is { } last && DateOnly.FromDateTime(now.UtcDateTime) > last;

    /// <summary>A key that is taken for ever and for everything.</summary>
    /// <param name="hash">Its SHA-256, lower-case hexadecimal.</param>
    public static implicit operator AccessKey(string hash) => FromString(hash);

    /// <summary>A key that is taken for ever and for everything.</summary>
    /// <param name="hash">Its SHA-256, lower-case hexadecimal.</param>
    public static AccessKey FromString(string hash) => new(hash);

    /// <summary>The scope of these uses.</summary>
    internal static IReadOnlySet<KeyUse> ScopeOf(IEnumerable<KeyUse> uses) => uses.ToFrozenSet();
}

/// <summary>One tenant.</summary>
/// <param name="Id">Unique.</param>
/// <param name="Keys">Its keys.</param>
/// <param name="Weight">Its share against other tenants; above 0.</param>
/// <param name="Limits">Its own limits.</param>
/// <param name="UserLimits">The limits of each of its users.</param>
internal sealed record TenantConfiguration(
    string Id, IReadOnlyList<AccessKey> Keys, double Weight, IReadOnlyList<Limit> Limits, IReadOnlyList<Limit> UserLimits)
{
    /// <summary>The highest class that its calls may claim: what claims a higher one is of this one. Default: interactive, so any.</summary>
    public Priority HighestPriority { get; init; } = Priority.Interactive;

    /// <summary>Which providers, regions and accounts may serve it; null for all.</summary>
    public TenantAllowance? Allow { get; init; }

    /// <summary>The routes that it may ask for; empty for all.</summary>
    public IReadOnlyList<string> Models { get; init; } = [];

    /// <summary>Its limits on single routes, within its own.</summary>
    public IReadOnlyList<TenantModelLimits> ModelLimits { get; init; } = [];

    /// <summary>The organization that it belongs to; null for the one that runs FuncLimiter.</summary>
    public string? Organization { get; init; }

    /// <summary>Whether what its settlements tell of a provider's limits is believed, for a minute at most and never against the provider's own answers.</summary>
    public bool ReportsLimits { get; init; }

    /// <summary>The secret that signs its webhooks; null where there is none. Never logged.</summary>
    public string? WebhookSecret { get; init; }

    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append(CultureInfo.InvariantCulture, $"{nameof(Id)} = {Id}, {nameof(Weight)} = {Weight}");
        return true;
    }
}

/// <summary>What a tenant may take of one route.</summary>
/// <param name="Model">The route's name.</param>
/// <param name="Limits">The limits.</param>
internal sealed record TenantModelLimits(string Model, IReadOnlyList<Limit> Limits);

/// <summary>Where a tenant's calls may go. An empty list leaves that open.</summary>
/// <param name="Providers">Ids of providers.</param>
/// <param name="Regions">Regions, as accounts name them.</param>
/// <param name="Accounts">Ids of accounts.</param>
internal sealed record TenantAllowance(IReadOnlyList<string> Providers, IReadOnlyList<string> Regions, IReadOnlyList<string> Accounts)
{
    /// <summary>Patterns of the paths that are passed on for it; empty for all but lists of what tenants that share an account have there.</summary>
    public IReadOnlyList<string> Paths { get; init; } = [];

    /// <summary>Whether an account may serve it.</summary>
    public bool Admits(AccountConfiguration account) =>
        (Providers.Count == 0 || Providers.Contains(account.Provider))
        && (Regions.Count == 0 || (account.Region is { } region && Regions.Contains(region, StringComparer.OrdinalIgnoreCase)))
        && (Accounts.Count == 0 || Accounts.Contains(account.Id));
}
