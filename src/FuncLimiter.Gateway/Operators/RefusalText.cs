using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Gateway.Operators;

/// <summary>Why calls are refused, in words for operators and for labels of metrics.</summary>
internal static class RefusalText
{
    /// <summary>A word for a label.</summary>
    public static string Label(RefusalReason reason) => reason switch
    {
        RefusalReason.TooLarge => "too_large",
        RefusalReason.QueueFull => "queue_full",
        RefusalReason.WouldWaitTooLong => "would_wait_too_long",
        RefusalReason.NoDeployment => "no_deployment",
        RefusalReason.NotKept => "not_kept",
        _ => "other",
    };

    /// <summary>A sentence for people.</summary>
    public static string Of(Refusal refusal) => refusal.Reason switch
    {
        RefusalReason.TooLarge => $"larger than all of {refusal.Budget}",
        RefusalReason.QueueFull => "the queue is full",
        RefusalReason.WouldWaitTooLong => $"would wait too long for {refusal.Budget}",
        RefusalReason.NoDeployment => "no deployment may serve it",
        RefusalReason.NotKept => "what calls take can't be stored",
        _ => $"refused by {refusal.Budget}",
    };
}
