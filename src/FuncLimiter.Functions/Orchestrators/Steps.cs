using FuncLimiter.Functions.Activities;
using Microsoft.DurableTask;

namespace FuncLimiter.Functions.Orchestrators;

/// <summary>Steps of orchestrators that outlast failures of what they stand on.</summary>
internal static class Steps
{
    private const int MostAttempts = 200;

    /// <summary>So many outcomes of other questions are answered by asking again at once.</summary>
    private const int AtOnce = 3;

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(10);

    /// <summary>
    /// Runs an activity, again and again where it fails: activities throw only where storage or the network does, so a job that was accepted
    /// outlives more than a day of that. It is asked again too where the outcome of another question comes back. Activities do nothing twice.
    /// </summary>
    public static async Task<T> CallAsync<T>(TaskOrchestrationContext context, string activity, JobInput input)
        where T : Outcome
    {
        var pause = FirstPause;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                // Null comes from a timer that another host set under this activity's number.
                var outcome = await context.CallActivityAsync<T?>(activity, input);
                if (outcome is not null && outcome.Answers(input, activity))
                {
                    return outcome;
                }

                if (attempt <= AtOnce)
                {
                    continue;
                }
            }
            catch (TaskFailedException) when (attempt < MostAttempts)
            {
            }

            await context.CreateTimer(context.CurrentUtcDateTime + pause, CancellationToken.None);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }
}
