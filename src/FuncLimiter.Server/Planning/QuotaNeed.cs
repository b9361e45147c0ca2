using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Server.Virtual;

namespace FuncLimiter.Server.Planning;

/// <summary>How large one limit must be so that nobody waits for it in 19 of 20 windows of the busiest hour.</summary>
/// <param name="Scope">The deployment or the account.</param>
/// <param name="Provider">Whose it is.</param>
/// <param name="Counts">What the limit counts, for example <c>tokens per minute</c>.</param>
/// <param name="Configured">The limit as configured.</param>
/// <param name="Mean">What the busiest hour asks for on average.</param>
/// <param name="Needed">What it asks for in 19 of 20 windows.</param>
/// <param name="PeakHour">That hour.</param>
/// <param name="Missing">What is needed beyond what is configured; 0 where it fits.</param>
internal sealed record QuotaNeed(string Scope, string Provider, string Counts, long Configured, long Mean, long Needed, int PeakHour, long Missing)
{
    // A normal distribution stays within so many deviations in 95 of 100 cases.
    private const double Deviations = 1.645;

    /// <summary>All limits of a configuration.</summary>
    public static IReadOnlyList<QuotaNeed> All(Volumes volumes, Load load)
    {
        var needs = new List<QuotaNeed>();
        foreach (var account in volumes.Configuration.Accounts)
        {
            var models = account.Models.Select(model => load.Hours[$"{account.Id}/{model.Model}"]).ToList();
            needs.AddRange(account.Limits.Select(limit => Of(account.Id, account, limit, models, volumes.Burstiness)));
            foreach (var (model, hours) in account.Models.Zip(models))
            {
                needs.AddRange(model.Limits.Select(limit => Of($"{account.Id}/{model.Model}", account, limit, [hours], volumes.Burstiness)));
            }
        }

        return needs;
    }

    private static QuotaNeed Of(string scope, AccountConfiguration account, Limit limit, IReadOnlyList<LoadHour[]> loads, double burstiness)
    {
        var window = limit.Window.TotalSeconds;
        var (mean, most, peak) = (0.0, -1.0, 0);
        if (limit.Window > TimeSpan.FromHours(1))
        {
            var whole = loads.Sum(hours => hours.Sum(hour => hour.PerSecond[limit.Dimension] * 3600));
            (mean, most) = (whole, whole + (Deviations * Math.Sqrt(burstiness * loads.Sum(hours => hours.Sum(hour => hour.SquarePerSecond[limit.Dimension] * 3600)))));
        }
        else
        {
            for (var hour = 0; hour < WorkGroup.HoursPerDay; hour++)
            {
                // Calls at once: what is held of a second in each second, which varies as much as its mean.
                var rate = loads.Sum(hours => hours[hour].PerSecond[limit.Dimension]);
                var (average, variance) = limit.Algorithm == LimitAlgorithm.Concurrency
                    ? (rate, rate)
                    : (rate * window, loads.Sum(hours => hours[hour].SquarePerSecond[limit.Dimension]) * window);
                var need = average + (Deviations * Math.Sqrt(burstiness * variance));
                (mean, most, peak) = need > most ? (average, need, hour) : (mean, most, peak);
            }
        }

        var needed = (long)Math.Ceiling(most - 1e-6);
        var counts = $"{LimitWords.Of(limit.Dimension)} {LimitWords.Per(window)}".TrimEnd();
        return new QuotaNeed(scope, account.Provider, counts, limit.Amount, (long)Math.Round(mean), needed, peak, Math.Max(0, needed - limit.Amount));
    }
}
