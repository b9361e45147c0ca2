using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Tests.Invariants;

/// <summary>
/// All capacity comes back: long after everything has ended, each place takes at once nine tenths of what its limits have room for, in as many
/// calls as may be under way.
/// </summary>
internal static class CapacityProbe
{
    // Not at the time of day at which somebody was told to come back.
    private static readonly TimeSpan Long = TimeSpan.FromHours(51);

    public static void Run(World world, Player player)
    {
        var id = 1_000_000;
        foreach (var route in world.Spec.Routes)
        {
            for (var place = 0; place < route.Targets.Count + route.Fallback.Count; place++)
            {
                player.Pass(Long);
                var asks = Fill(world, route.Name, place, ref id);
                foreach (var ask in asks)
                {
                    player.Submit(ask);
                    player.Listen();
                    player.KeepUp();
                }

                var taken = player.UnderWay;
                Violation.Unless(taken == asks.Length, () => $"Of {asks.Length} calls {asks[0].Provider[0]} only {taken} fitted place {asks[0].Excluded} of {route.Name} long after.");
                player.SettleAll();
            }
        }
    }

    private static Ask[] Fill(World world, string route, int place, ref int id)
    {
        var places = world.PlacesOf(route).Count;
        var tenant = world.Spec.Tenants[place % world.Spec.Tenants.Count].Id;
        var any = new Ask(0, route, tenant, Charge.None, new Charge[places]) { User = "u", Excluded = ((1UL << places) - 1) & ~(1UL << place) };
        var limits = world.ScopesOf(any, place).SelectMany(scope => scope.Limits).ToArray();
        double Most(Dimension dimension) =>
            limits.Where(limit => limit.Dimension == dimension).Select(limit => new Book(limit, WorkOracle.Jitter).Room).Append(1000).Min();
        var calls = (int)Math.Max(1, Math.Min(Most(Dimension.Concurrent) is < 1000 and var most ? most : 3, 0.9 * Most(Dimension.Requests)));
        long Part(Dimension dimension) => (long)(0.9 * Most(dimension) / calls);
        var charge = new Charge(1, Part(Dimension.Tokens), Part(Dimension.InputTokens), Part(Dimension.OutputTokens), 1);
        var first = id;
        id += calls;
        return [.. Enumerable.Range(first, calls).Select(next => any with { Id = next, Consumer = charge, Provider = [.. Enumerable.Repeat(charge, places)] })];
    }
}
