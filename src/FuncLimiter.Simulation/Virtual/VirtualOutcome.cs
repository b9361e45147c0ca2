namespace FuncLimiter.Simulation.Virtual;

/// <summary>What a provider makes of a call.</summary>
public enum VirtualOutcome
{
    /// <summary>Taken, and answered.</summary>
    Answered,

    /// <summary>Taken, and failed: an error of the server, a connection that broke.</summary>
    Failed,

    /// <summary>Taken, and never answered.</summary>
    Silent,

    /// <summary>Refused for a limit (429).</summary>
    RateLimited,

    /// <summary>Refused since it will never fit.</summary>
    TooLarge,

    /// <summary>Shed before it was charged (503, 529).</summary>
    Overloaded,
}
