using FuncLimiter.Functions.Activities;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace FuncLimiter.Functions.Orchestrators;

/// <summary>
/// Hands a list of calls to a provider's batch service, looks after it with timers and fetches what it answered; what it did not answer, or
/// with a failure, is paced as any list is.
/// </summary>
internal static class ProviderBatch
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(15);

    /// <summary>The orchestrator.</summary>
    [Function(nameof(ProviderBatch))]
    public static async Task RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var ticket = context.GetInput<JobTicket>()!.Checked();
        if (ticket.IsBatchOver)
        {
            if (await new BatchRound(context, ticket).RunAsync() is { } unfinished)
            {
                context.ContinueAsNew(unfinished);
            }

            return;
        }

        using var over = new CancellationTokenSource();
        var cancelled = context.WaitForExternalEvent<bool>(PacedCall.Cancel, over.Token);
        context.SetCustomStatus(new JobStatus(ticket.Total, ticket.Ended, null));
        var job = new JobInput(ticket.Job);
        if ((await Steps.CallAsync<YesOrNo>(context, nameof(BatchActivities.SubmitBatch), job)).IsTrue)
        {
            await FollowAsync(context, job, cancelled);
        }

        var answers = await Steps.CallAsync<BatchAnswers>(context, nameof(BatchActivities.FetchBatch), job);
        if (cancelled.IsCompleted)
        {
            await JobEnd.RunAsync(context, ticket.Job, new JobTally(answers.Succeeded) { Cancelled = ticket.Total - answers.Succeeded });
            return;
        }

        // What has ended is counted again from its rows, call by call.
        over.Cancel();
        context.ContinueAsNew(ticket with { IsBatchOver = true });
    }

    private static async Task FollowAsync(TaskOrchestrationContext context, JobInput job, Task cancelled)
    {
        var pause = FirstPause;
        while (!(await Steps.CallAsync<YesOrNo>(context, nameof(BatchActivities.FollowBatch), job)).IsTrue)
        {
            using var awake = new CancellationTokenSource();
            var timer = context.CreateTimer(context.CurrentUtcDateTime + pause, awake.Token);
            if (await Task.WhenAny(timer, cancelled) == cancelled)
            {
                awake.Cancel();
                await Steps.CallAsync<YesOrNo>(context, nameof(BatchActivities.CancelBatch), job);
                return;
            }

            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }
}
