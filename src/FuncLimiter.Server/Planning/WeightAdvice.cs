using FuncLimiter.Server.Virtual;

namespace FuncLimiter.Server.Planning;

/// <summary>Which weight gives a team the share that it needs.</summary>
/// <param name="Tenant">The team.</param>
/// <param name="Now">Its weight as it stands.</param>
/// <param name="Advised">The weight to set.</param>
/// <param name="Share">Its need of what all teams need, 0 to 1.</param>
internal sealed record WeightAdvice(string Tenant, double Now, double Advised, double Share)
{
    private const double Most = 1000;

    /// <summary>
    /// Weights in proportion to needs: a team's need is the service that it asks for in its busiest hour, where it may wait for hours
    /// averaged over as many. Shares in proportion to needs leave nobody short while anybody has more than it needs.
    /// </summary>
    public static IReadOnlyList<WeightAdvice> All(Volumes volumes, Load load)
    {
        var needs = volumes.Work.GroupBy(work => work.Tenant).Select(team => (Tenant: team.Key, Need: NeedOf(team, volumes, load))).ToList();
        var least = needs.Where(team => team.Need > 0).Select(team => team.Need).DefaultIfEmpty(1).Min();
        var sum = Math.Max(needs.Sum(team => team.Need), double.Epsilon);
        return
        [
            .. needs.Select(team => new WeightAdvice(
                team.Tenant, volumes.WeightOf(team.Tenant), Rounded(Math.Min(Most, Math.Max(1, team.Need / least))), Math.Round(team.Need / sum, 4))),
        ];
    }

    private static double NeedOf(IEnumerable<WorkGroup> team, Volumes volumes, Load load)
    {
        var hours = new double[WorkGroup.HoursPerDay];
        foreach (var work in team)
        {
            var span = Math.Clamp((int)Math.Ceiling(volumes.PatienceOf(work).TotalHours), 1, WorkGroup.HoursPerDay);
            for (var hour = 0; hour < hours.Length; hour++)
            {
                var calls = Enumerable.Range(hour, span).Average(each => work.CallsByHour[each % WorkGroup.HoursPerDay]);
                hours[hour] += calls * load.CostSeconds.GetValueOrDefault(work);
            }
        }

        return hours.Max();
    }

    // Two digits are as much as volumes are known by.
    private static double Rounded(double weight) => weight < 10 ? Math.Round(weight, 1) : Math.Round(weight);
}
