namespace FuncLimiter.Core.Tests.Invariants.Broken;

/// <summary>Lets tenants take turns, a call each by weight, whatever the calls' sizes.</summary>
internal sealed class CountsCallsNotSizes(LimiterSpec spec) : OrdersItself(spec)
{
    private readonly Dictionary<string, double> weights = spec.Tenants.ToDictionary(tenant => tenant.Id, tenant => tenant.Weight);
    private readonly Dictionary<string, double> calls = [];
    private double present;

    protected override Ask Choose(IReadOnlyList<Ask> waiting) => waiting.MinBy(ask => Turn(ask.Tenant))!;

    protected override void Went(Ask ask)
    {
        present = Turn(ask.Tenant);
        calls[ask.Tenant] = present + (1 / weights[ask.Tenant]);
    }

    private double Turn(string tenant) => Math.Max(calls.GetValueOrDefault(tenant), present);
}
