namespace FuncLimiter.Gateway.Jobs.Webhooks;

/// <summary>When a failed delivery is tried again: 10 attempts over about 16 hours.</summary>
internal static class WebhookSchedule
{
    private static readonly TimeSpan[] Waits =
    [
        TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(30),
        TimeSpan.FromHours(1), TimeSpan.FromHours(2), TimeSpan.FromHours(4), TimeSpan.FromHours(8),
    ];

    public static int MostAttempts => Waits.Length + 1;

    /// <summary>The wait after a failed attempt; null where that was the last.</summary>
    /// <param name="attempt">The attempt's number, from 1.</param>
    /// <param name="jitter">0 to 1; up to a fifth is added, so that receivers which come back meet no wave.</param>
    public static TimeSpan? After(int attempt, double jitter) =>
        attempt > Waits.Length ? null : Waits[attempt - 1] * (1 + (jitter / 5));
}
