using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Leasing;

/// <summary>One tenant's wish at one instance, on one limit.</summary>
/// <param name="Instance">The instance's place in the caller's list.</param>
/// <param name="Tenant">The tenant.</param>
/// <param name="Weight">Its weight; above 0.</param>
/// <param name="Priority">The class.</param>
/// <param name="Wants">Units; at least 0.</param>
internal readonly record struct Claim(int Instance, string Tenant, double Weight, Priority Priority, double Wants);

/// <summary>
/// Divides a limit by weighted max-min share. Classes come in order, each but the first keeping its floor as far as it wants it. Within a
/// class every tenant gets what it wants or the same amount by weight as all who want more. A tenant's share is split over its instances
/// in proportion to what it wants there.
/// </summary>
/// <remarks>
/// Worked: 100 units, floors of 10 % for standard and 5 % for background. Interactive: acme (weight 3) wants 60 at one instance, beta
/// (weight 1) wants 25 at each of two. Background: acme wants 40. Background keeps its 5, standard wants nothing, so interactive divides
/// 95: by weight acme could have 71.25 and takes 60; beta gets the other 35 of its 50, 17.5 at each instance. Background gets 5.
/// </remarks>
internal static class Division
{
    /// <summary>What each claim gets; never more than it wants, and together never more than there is.</summary>
    internal static double[] Divide(double amount, IReadOnlyList<Claim> claims, IReadOnlyList<double> floors)
    {
        var shares = new double[claims.Count];
        var byClass = Enumerable.Range(0, claims.Count).ToLookup(claim => claims[claim].Priority);
        var left = Math.Max(0, amount);
        var kept = Enum.GetValues<Priority>()
            .ToDictionary(
                priority => priority,
                priority => Math.Min(Floor(floors, priority) * left, byClass[priority].Sum(claim => claims[claim].Wants)));
        foreach (var priority in Enum.GetValues<Priority>())
        {
            kept[priority] = 0;
            left -= DivideClass(Math.Max(0, left - kept.Values.Sum()), claims, [.. byClass[priority]], shares);
        }

        return shares;
    }

    /// <summary>Divides one class among its tenants, the one that wants least by weight first.</summary>
    private static double DivideClass(double amount, IReadOnlyList<Claim> claims, int[] members, double[] shares)
    {
        var tenants = members
            .GroupBy(claim => claims[claim].Tenant, StringComparer.Ordinal)
            .Select(own => (Own: own, Wants: own.Sum(claim => claims[claim].Wants), Weight: own.Max(claim => claims[claim].Weight)))
            .OrderBy(tenant => tenant.Wants / tenant.Weight)
            .ToArray();
        var (left, weights) = (amount, tenants.Sum(tenant => tenant.Weight));
        foreach (var (own, wants, weight) in tenants)
        {
            var share = Math.Min(wants, left * Math.Min(1, weight / weights));
            left -= share;
            weights -= weight;
            foreach (var claim in own)
                shares[claim] = wants > 0 ? share * (claims[claim].Wants / wants) : 0;
        }

        return amount - left;
    }

    private static double Floor(IReadOnlyList<double> floors, Priority priority) =>
        priority != Priority.Interactive && (int)priority < floors.Count ? floors[(int)priority] : 0;
}
