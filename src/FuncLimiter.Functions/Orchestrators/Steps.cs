using Microsoft.DurableTask;

namespace FuncLimiter.Functions.Orchestrators;

/// <summary>Steps of orchestrators that outlast failures of what they stand on.</summary>
internal static class Steps
{
    private const int MostAttempts = 200;
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(10);

    /// <summary>
    /// Runs an activity, again and again where it fails: activities throw only where storage or the network does, so a job that was accepted
    /// outlives more than a day of that.
    /// </summary>
    public static async Task<T> CallAsync<T>(TaskOrchestrationContext context, string activity, object input)
    {
        var pause = FirstPause;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await context.CallActivityAsync<T>(activity, input);
            }
            catch (TaskFailedException) when (attempt < MostAttempts)
            {
                await context.CreateTimer(context.CurrentUtcDateTime + pause, CancellationToken.None);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }
    }
}
