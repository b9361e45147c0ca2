namespace FuncLimiter.Gateway.Operators;

/// <summary>What happened to a call.</summary>
public enum CallEventKind
{
    /// <summary>Let out to a target of its route.</summary>
    Admitted,

    /// <summary>Has to wait for room.</summary>
    Waiting,

    /// <summary>Let out to a fallback of its route.</summary>
    Diverted,

    /// <summary>Turned away.</summary>
    Refused,

    /// <summary>Over; what it used is known.</summary>
    Settled,
}
