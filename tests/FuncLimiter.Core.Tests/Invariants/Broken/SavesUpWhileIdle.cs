namespace FuncLimiter.Core.Tests.Invariants.Broken;

/// <summary>Serves whoever has had the least ever: whoever was idle has saved up all that it did not ask for.</summary>
internal sealed class SavesUpWhileIdle(LimiterSpec spec) : OrdersItself(spec)
{
    private readonly Dictionary<string, double> weights = spec.Tenants.ToDictionary(tenant => tenant.Id, tenant => tenant.Weight);
    private readonly Dictionary<string, double> service = [];

    protected override Ask Choose(IReadOnlyList<Ask> waiting) => waiting.MinBy(ask => service.GetValueOrDefault(ask.Tenant))!;

    protected override void Went(Ask ask) =>
        service[ask.Tenant] = service.GetValueOrDefault(ask.Tenant) + (ask.Provider[0].Tokens / weights[ask.Tenant]);
}
