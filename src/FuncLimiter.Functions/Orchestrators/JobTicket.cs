using FuncLimiter.Functions.Activities;
using FuncLimiter.Gateway.Jobs;
using Microsoft.DurableTask;

namespace FuncLimiter.Functions.Orchestrators;

/// <summary>What an orchestration is told of a job, and remembers of it over its generations. Small: what is asked and answered stays in storage.</summary>
internal sealed record JobTicket
{
    /// <summary>The form that this version of the app writes, and goes on with where an older one left off.</summary>
    public const int Current = 1;

    /// <summary>The form of this ticket.</summary>
    public int Version { get; init; } = Current;

    /// <summary>The job's id, which is the orchestration's too.</summary>
    public string Job { get; init; } = "";

    /// <summary>How many calls it has.</summary>
    public int Total { get; init; }

    /// <summary>The first call that has not begun.</summary>
    public int Next { get; init; }

    /// <summary>Calls that were begun and wait for their next leg.</summary>
    public IReadOnlyList<SleepingCall> Sleeping { get; init; } = [];

    /// <summary>How the calls that have ended ended.</summary>
    public JobTally Ended { get; init; } = new();

    /// <summary>Whether a provider's batch service has had its turn.</summary>
    public bool IsBatchOver { get; init; }

    /// <exception cref="NotSupportedException">A newer version of the app wrote it.</exception>
    public JobTicket Checked() => Version <= Current
        ? this
        : throw new NotSupportedException($"The job's orchestration is of form {Version}; this version of the app knows forms up to {Current}.");
}

/// <summary>A call that waits for its next leg.</summary>
/// <param name="Index">Its place in the job.</param>
/// <param name="Leg">The number of that leg.</param>
/// <param name="WakeAt">When it is due.</param>
/// <param name="WaitsForRoom">Whether it may ask before.</param>
internal sealed record SleepingCall(int Index, int Leg, DateTimeOffset WakeAt, bool WaitsForRoom = false);

/// <summary>How many calls have ended in each way.</summary>
/// <param name="Succeeded">Answered.</param>
/// <param name="Failed">Answered with an error.</param>
/// <param name="Cancelled">Given up.</param>
/// <param name="Expired">Not answered in time.</param>
internal sealed record JobTally(int Succeeded = 0, int Failed = 0, int Cancelled = 0, int Expired = 0)
{
    /// <summary>All of them.</summary>
    public int Sum() => Succeeded + Failed + Cancelled + Expired;

    /// <summary>The larger count of each end: both are of one job, and one was told earlier.</summary>
    public JobTally Max(JobTally other) => new(
        Math.Max(Succeeded, other.Succeeded), Math.Max(Failed, other.Failed), Math.Max(Cancelled, other.Cancelled), Math.Max(Expired, other.Expired));

    /// <summary>With one more.</summary>
    public JobTally With(JobItemState state) => state switch
    {
        JobItemState.Succeeded => this with { Succeeded = Succeeded + 1 },
        JobItemState.Failed => this with { Failed = Failed + 1 },
        JobItemState.Cancelled => this with { Cancelled = Cancelled + 1 },
        JobItemState.Expired => this with { Expired = Expired + 1 },
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "No end."),
    };
}

/// <summary>An orchestration's custom status: how far its job is.</summary>
/// <param name="Running">Calls under way.</param>
/// <param name="Ended">Calls that have ended.</param>
/// <param name="NextAt">When the first of those that wait is due; null where none waits for a time.</param>
internal sealed record JobStatus(int Running, JobTally Ended, DateTimeOffset? NextAt);

/// <summary>The last steps of every job: its end is kept, and its outcome delivered to whoever waits for it.</summary>
internal static class JobEnd
{
    /// <summary>Ends a job whose calls have all ended.</summary>
    public static async Task RunAsync(TaskOrchestrationContext context, string job, JobTally ended)
    {
        context.SetCustomStatus(new JobStatus(0, ended, null));
        var receivers = await Steps.CallAsync<JobReceivers>(context, nameof(EndJob), new EndJobInput(job, ended));
        if (receivers.HasQueue)
        {
            await Steps.CallAsync<YesOrNo>(context, nameof(SendReply), new JobInput(job));
        }

        for (var attempt = 1; receivers.HasWebhook; attempt++)
        {
            var delivery = await Steps.CallAsync<WebhookStep>(context, nameof(SendWebhook), new WebhookInput(job, attempt));
            if (delivery.RetryAfter is not { } wait)
            {
                break;
            }

            await context.CreateTimer(context.CurrentUtcDateTime + wait, CancellationToken.None);
        }
    }
}
