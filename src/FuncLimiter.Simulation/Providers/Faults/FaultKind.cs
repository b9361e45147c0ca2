namespace FuncLimiter.Simulation.Providers.Faults;

/// <summary>What goes wrong. In brackets the name in JSON and in the header <c>x-double-fault</c>, and what its value means.</summary>
public enum FaultKind
{
    /// <summary>Takes the call and never answers (<c>hang</c>).</summary>
    Hang,

    /// <summary>Takes the call and breaks the connection (<c>reset</c>).</summary>
    Reset,

    /// <summary>Takes the call and answers 500 (<c>500</c>).</summary>
    ServerError,

    /// <summary>Sheds the call with 503 before it is charged (<c>503</c>).</summary>
    Unavailable,

    /// <summary>Sheds the call with 529 before it is charged (<c>529</c>).</summary>
    Overloaded,

    /// <summary>Takes the call and answers 200 with a body that is no JSON (<c>garbage</c>).</summary>
    Garbage,

    /// <summary>Takes the call and waits before each chunk or body (<c>slow-stream</c>; milliseconds, default 200).</summary>
    SlowStream,

    /// <summary>Takes the call and breaks the connection in the middle (<c>cut-stream</c>; after how many tokens, default half).</summary>
    CutStream,

    /// <summary>Changes a limit without a word (<c>limit</c>; the new amount per minute of <see cref="FaultRule.Dimension"/>).</summary>
    LimitChange,

    /// <summary>Refuses every call for a while, saying when to come back (<c>retry-after</c>; seconds, default 1).</summary>
    RetryAfter,
}
