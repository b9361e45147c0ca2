using System.Globalization;
using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Gateway.Operations.Alerts.Causes;

/// <summary>Finds who probably drives a budget's use: whose taking grew the most against its last hour and day.</summary>
internal static class Suspect
{
    private const double MostOfIt = 0.6;
    private const double WorthTelling = 1.5;
    private const double LeastPart = 0.1;
    private const double Notable = 0.2;

    /// <summary>The probable cause in words; null where nobody takes a notable part.</summary>
    public static string? Find(Appetites appetites, string budget, Instant now)
    {
        var scope = appetites.ScopeOf(budget);
        var all = appetites.Read(
            consumer => consumer.Kind is not (ConsumerKind.Run or ConsumerKind.Class) && scope.Has(consumer),
            appetite => (
                Taking: appetite.Taking(now),
                Hour: appetite.LastHour(now, appetites.Beginning),
                Day: appetite.LastDay(now, appetites.Beginning)));
        var grown = all
            .GroupBy(static entry => (entry.Consumer.Kind, entry.Consumer.Tenant, entry.Consumer.Name))
            .Select(static same => new Growth(
                same.Key.Kind, same.Key.Tenant, same.Key.Name, same.Sum(entry => entry.Value.Taking), same.Sum(entry => entry.Value.Hour), same.Sum(entry => entry.Value.Day)))
            .ToArray();
        var tenants = grown.Where(static growth => growth.Kind == ConsumerKind.Tenant).ToArray();
        var total = tenants.Sum(static growth => growth.Taking);
        var tenant = tenants.MaxBy(static growth => growth.Amount);
        if (tenant is not null && tenant.Amount < total * Notable)
        {
            // Nobody grew by much: the tenant that takes the most is named.
            tenant = tenants.MaxBy(static growth => growth.Taking);
        }

        if (tenant is null || tenant.Taking < total * LeastPart)
        {
            return null;
        }

        // The narrowest consumer that explains most of the tenant's growth is named. In the first seconds after the start the tenant itself may
        // have shrunk; then a consumer may have shrunk as much.
        var enough = Math.Min(tenant.Amount, tenant.Amount * MostOfIt);
        var narrowest = grown
            .Where(growth => growth.Tenant == tenant.Tenant && growth.Kind != ConsumerKind.Tenant
                && growth.Taking >= tenant.Taking * MostOfIt && growth.Amount >= enough)
            .OrderByDescending(static growth => growth.Kind)
            .ThenByDescending(static growth => growth.Taking)
            .FirstOrDefault();
        return Words(narrowest ?? tenant, total);
    }

    private static string Words(Growth growth, double total)
    {
        var who = growth.Kind switch
        {
            ConsumerKind.Tenant => $"tenant {growth.Tenant}",
            ConsumerKind.Workflow => $"workflow {growth.Name} of {growth.Tenant}",
            ConsumerKind.Step => $"step {growth.Name} of {growth.Tenant}",
            _ => $"user {growth.Name} of {growth.Tenant}",
        };
        var part = string.Create(CultureInfo.InvariantCulture, $"{who} takes {100 * growth.Taking / total:0} % of it");
        var than = Times(growth.Taking, growth.Hour, "last hour") ?? Times(growth.Taking, growth.Day, "last day");
        return than is null ? part : $"{part}, {than}";
    }

    private static string? Times(double taking, double before, string when) => before <= 0 || taking / before < WorthTelling ? null
        : string.Create(CultureInfo.InvariantCulture, $"{taking / before:0.#} times its {when}'s mean");

    private sealed record Growth(ConsumerKind Kind, string Tenant, string Name, double Taking, double Hour, double Day)
    {
        public double Amount => Taking - Math.Min(Hour, Day);
    }
}

/// <summary>Whose taking counts for a budget.</summary>
/// <param name="Deployment">The deployment, for a deployment's budget.</param>
/// <param name="Account">What the deployments of an account's budget begin with.</param>
/// <param name="Tenant">The tenant, for a tenant's budget.</param>
internal readonly record struct Scope(string? Deployment, string? Account, string? Tenant)
{
    private IReadOnlySet<string>? Sharers { get; init; }

    /// <summary>The scope of a budget.</summary>
    /// <param name="sharers">The deployments that count against a shared limit, by its id.</param>
    public static Scope Of(string budget, Func<string, IReadOnlySet<string>> sharers) => budget.Split(':', 2) switch
    {
        ["shared", var id] => new(null, null, null) { Sharers = sharers(id) },
        ["deployment", var id] => new(id, null, null),
        ["account", var id] => new(null, id + "/", null),
        ["tenant", var id] => new(null, null, id),
        _ => new(budget, null, null),
    };

    /// <summary>Whether a consumer takes of it.</summary>
    public bool Has(in Consumer consumer) =>
        Sharers is not null ? Sharers.Contains(consumer.Deployment)
        : Deployment is not null ? consumer.Deployment == Deployment
        : Account is not null ? consumer.Deployment.StartsWith(Account, StringComparison.Ordinal)
        : consumer.Tenant == Tenant;
}

/// <summary>Who takes of a deployment.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Deployment">The deployment as <c>account/model</c>.</param>
/// <param name="Tenant">The tenant it belongs to.</param>
/// <param name="Name">Its name; the tenant's own for a tenant.</param>
internal readonly record struct Consumer(ConsumerKind Kind, string Deployment, string Tenant, string Name);

/// <summary>What may drive a budget's use, from the widest to the narrowest.</summary>
internal enum ConsumerKind
{
    /// <summary>A tenant.</summary>
    Tenant,

    /// <summary>A workflow of a tenant.</summary>
    Workflow,

    /// <summary>A step of a workflow.</summary>
    Step,

    /// <summary>A user of a tenant.</summary>
    User,

    /// <summary>A run whose calls name no user.</summary>
    Run,

    /// <summary>A priority class, of all tenants.</summary>
    Class,
}
