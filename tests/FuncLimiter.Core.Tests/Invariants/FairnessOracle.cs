using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Tests.Invariants;

/// <summary>
/// Fairness: of two tenants that both have calls waiting, the one ahead by more than one call of each is not served, however long that
/// lasts. Service is what is held, then what a call came to, by weight, counted from the moment from which both had calls waiting.
/// </summary>
internal sealed class FairnessOracle(World world) : Oracle
{
    // Where only the calls under way at once are limited, service is counted in calls.
    private readonly Dimension dimension = world.Spec.Deployments[0].Limits[0].Dimension is Dimension.Tokens ? Dimension.Tokens : Dimension.Requests;
    private readonly Dictionary<string, Account> accounts = world.Spec.Tenants.ToDictionary(tenant => tenant.Id, tenant => new Account(tenant.Weight));

    private double mostUnderWay;

    /// <summary>Whether calls may come to less than was held for them: then as much as was ever under way at once may be off.</summary>
    public bool AllowsForRefunds { get; init; }

    public override void Submitted(Ask ask, Moment now)
    {
        var mine = accounts[ask.Tenant];
        mine.Largest = Math.Max(mine.Largest, ask.Provider[0][dimension]);
        if (mine.Waiting++ > 0)
        {
            return;
        }

        foreach (var other in accounts.Values.Where(other => other != mine && other.Waiting > 0))
        {
            mine.Since[other] = mine.Service - other.Service;
            other.Since[mine] = other.Service - mine.Service;
        }
    }

    public override void Admitted(Ask ask, int place, Moment now)
    {
        var mine = accounts[ask.Tenant];
        foreach (var other in accounts.Values.Where(other => other != mine && other.Waiting > 0))
        {
            var ahead = mine.Service - other.Service - mine.Since[other];
            var bound = mine.Of(mine.Largest) + other.Of(other.Largest) + (AllowsForRefunds ? mostUnderWay : 0) + 1e-6;
            Violation.Unless(
                ahead <= bound,
                () => $"Call {ask.Id} of {ask.Tenant} went out, {ahead} ahead of {accounts.First(entry => entry.Value == other).Key}, with {bound} allowed.");
        }

        mine.Service += mine.Of(ask.Provider[place][dimension]);
        mine.UnderWay += mine.Of(ask.Provider[place][dimension]);
        mostUnderWay = Math.Max(mostUnderWay, accounts.Values.Sum(account => account.UnderWay));
        mine.Waiting--;
    }

    public override void Settled(Ask ask, int place, Settlement settlement, Moment now)
    {
        var mine = accounts[ask.Tenant];
        var held = mine.Of(ask.Provider[place][dimension]);
        mine.Service += mine.Of(settlement.Provider[dimension]) - held;
        mine.UnderWay -= held;
    }

    public override void Cancelled(Ask ask, Moment now) => accounts[ask.Tenant].Waiting--;

    private sealed class Account(double weight)
    {
        public int Waiting { get; set; }

        public long Largest { get; set; }

        public double Service { get; set; }

        public double UnderWay { get; set; }

        /// <summary>How far ahead it was of others when they began to compete.</summary>
        public Dictionary<Account, double> Since { get; } = [];

        public double Of(double amount) => amount / weight;
    }
}
