namespace FuncLimiter.Server.Planning;

/// <summary>Hours one after the other in which a team's calls of a class wait, or are given up.</summary>
/// <param name="Tenant">The team.</param>
/// <param name="Priority">The class.</param>
/// <param name="FromHour">The first hour.</param>
/// <param name="UntilHour">The hour after the last.</param>
/// <param name="TypicalWait">Half of the calls of the worst hour wait no longer, in seconds.</param>
/// <param name="LongestWait">The longest wait, in seconds.</param>
/// <param name="Calls">Calls that come in these hours.</param>
/// <param name="Refused">Of them those given up.</param>
internal sealed record WaitSpan(
    string Tenant, string Priority, int FromHour, int UntilHour, double TypicalWait, double LongestWait, long Calls, long Refused)
{
    private const double ShareThatMatters = 0.001;

    public static IEnumerable<WaitSpan> Of(FluidQueue queue)
    {
        for (var from = 0; from < queue.Hours.Length; from++)
        {
            var until = from;
            while (until < queue.Hours.Length && Waits(queue.Hours[until]))
            {
                until++;
            }

            if (until > from)
            {
                var hours = queue.Hours[from..until];
                yield return new WaitSpan(
                    queue.Tenant,
                    queue.Priority.ToString().ToLowerInvariant(),
                    from,
                    until,
                    Math.Round(hours.Max(hour => hour.Waits.Quantile(0.5)), 1),
                    Math.Round(hours.Max(hour => hour.Waits.LongestSeconds), 1),
                    PlanReport.Whole(hours.Sum(hour => hour.Calls)),
                    PlanReport.Whole(hours.Sum(hour => hour.Refused)));
                from = until;
            }
        }
    }

    private static bool Waits(FluidHour hour) => hour.Waits.Quantile(0.99) > 0 || hour.Refused > hour.Calls * ShareThatMatters;
}
