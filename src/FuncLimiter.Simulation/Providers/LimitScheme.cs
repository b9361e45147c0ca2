namespace FuncLimiter.Simulation.Providers;

/// <summary>How a provider enforces a limit.</summary>
public enum LimitScheme
{
    /// <summary>A bucket that refills continuously (OpenAI, Anthropic).</summary>
    Bucket,

    /// <summary>A counter that starts anew at fixed boundaries (Azure OpenAI).</summary>
    Fixed,

    /// <summary>Any span as long as the window holds at most the limit.</summary>
    Sliding,

    /// <summary>Calls under way at once.</summary>
    Concurrency,

    /// <summary>
    /// Growth is limited: a window may hold what the last one held plus a step, and never less than a base (Anthropic's acceleration
    /// limit, whose refusals name a limit that rises by 10,000 at each minute).
    /// </summary>
    Acceleration,
}
