using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Tests.Leasing.Fleets;

/// <summary>Counts what arrives against every limit of accounts, deployments and tenants, and whose it was.</summary>
internal sealed class FleetProvider
{
    private readonly Dictionary<string, LimitOracle[]> _oracles = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Tenant, Priority Priority), double> _tokens = [];

    private readonly LimiterSpec _spec;
    private readonly Instant _start;

    public FleetProvider(LimiterSpec spec, Instant start)
    {
        (_spec, _start) = (spec, start);
        foreach (var account in spec.Accounts)
        {
            _oracles["account:" + account.Id] = [.. account.Limits.Select(limit => new LimitOracle(limit, start))];
        }

        foreach (var shared in spec.SharedLimits)
        {
            _oracles["shared:" + shared.Id] = [.. shared.Limits.Select(limit => new LimitOracle(limit, start))];
        }

        foreach (var deployment in spec.Deployments)
        {
            _oracles["deployment:" + deployment.Id] = [.. deployment.Limits.Select(limit => new LimitOracle(limit, start))];
        }

        foreach (var tenant in spec.Tenants)
        {
            _oracles["tenant:" + tenant.Id] = [.. tenant.Limits.Select(limit => new LimitOracle(limit, start))];
            foreach (var (route, limits) in tenant.RouteLimits)
            {
                _oracles[TenantSpec.BudgetOf(tenant.Id, route)] = [.. limits.Select(limit => new LimitOracle(limit, start))];
            }
        }
    }

    /// <summary>The limits that were exceeded, as sentences.</summary>
    public IEnumerable<string> Exceeded => from budget in _oracles
                                           from oracle in budget.Value
                                           where oracle.Excess > 1e-3
                                           select $"{budget.Key}: {oracle.Limit.Algorithm} of {oracle.Limit.Amount} {oracle.Limit.Dimension} exceeded by {oracle.Excess}";

    /// <summary>What was sent in all, by a budget's first limit.</summary>
    public double Total(string budget) => _oracles.TryGetValue(budget, out var oracles) ? oracles[0].Total : 0;

    /// <summary>Tokens sent of a tenant and class.</summary>
    public double Tokens(string tenant, Priority priority) => _tokens.GetValueOrDefault((tenant, priority));

    public IReadOnlyList<(LimitOracle Oracle, LimitOracle.Sent Sent)> Take(Call call, Instant now)
    {
        var charge = call.Reservation.Provider;
        var key = (call.Tenant, call.Priority);
        _tokens[key] = _tokens.GetValueOrDefault(key) + charge.Tokens;
        var taken = new List<(LimitOracle, LimitOracle.Sent)>();
        var user = $"user:{call.Tenant}/{call.User}";
        if (call.User is not null && !_oracles.ContainsKey(user))
        {
            _oracles[user] = [.. _spec.Tenants.Single(tenant => tenant.Id == call.Tenant).UserLimits.Select(limit => new LimitOracle(limit, _start))];
        }

        foreach (var budget in (string[])[.. call.Deployment!.Scopes.ToArray().Select(scope => scope.Name), "tenant:" + call.Tenant, TenantSpec.BudgetOf(call.Tenant, call.Route), user])
        {
            foreach (var oracle in _oracles.GetValueOrDefault(budget) ?? [])
            {
                taken.Add((oracle, oracle.Send(charge[oracle.Limit.Dimension], now)));
            }
        }

        return taken;
    }

    public static void End(IReadOnlyList<(LimitOracle Oracle, LimitOracle.Sent Sent)> taken, Settlement settlement, Instant now)
    {
        foreach (var (oracle, sent) in taken)
        {
            oracle.End(sent, settlement.Provider[oracle.Limit.Dimension], now);
        }
    }
}
