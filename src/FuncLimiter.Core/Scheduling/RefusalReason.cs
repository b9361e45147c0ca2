namespace FuncLimiter.Core.Scheduling;

/// <summary>Why a call was not let out.</summary>
public enum RefusalReason
{
    /// <summary>It is larger than a whole budget and can never fit.</summary>
    TooLarge,

    /// <summary>As many calls wait as may wait.</summary>
    QueueFull,

    /// <summary>It would wait longer than its caller or its priority's limit allows.</summary>
    WouldWaitTooLong,

    /// <summary>No deployment of the route may serve it now or foreseeably.</summary>
    NoDeployment,

    /// <summary>What it would take can't be kept durably at present, so it can't be let out.</summary>
    NotKept,
}
