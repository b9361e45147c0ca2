using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace FuncLimiter.Functions.Orchestrators;

/// <summary>
/// Paces a list of calls: a bounded number of them under way, those that must wait asleep until their instants, progress as custom status,
/// and a new generation before the history grows.
/// </summary>
internal static class PacedBatch
{
    /// <summary>The orchestrator.</summary>
    /// <param name="context">Its context.</param>
    [Function(nameof(PacedBatch))]
    public static async Task RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var round = new BatchRound(context, context.GetInput<JobTicket>()!.Checked());
        if (await round.RunAsync() is { } unfinished)
        {
            context.ContinueAsNew(unfinished);
        }
    }
}
