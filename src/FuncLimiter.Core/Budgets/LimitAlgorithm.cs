namespace FuncLimiter.Core.Budgets;

/// <summary>How a provider enforces a limit.</summary>
public enum LimitAlgorithm
{
    /// <summary>A bucket that refills continuously (OpenAI, Anthropic, Groq).</summary>
    Bucket,

    /// <summary>Any span as long as the window holds at most the limit; also the safe reading of a fixed window of unknown phase.</summary>
    Sliding,

    /// <summary>A counter that starts anew at fixed boundaries (Azure OpenAI); the phase is learned from headers.</summary>
    Fixed,

    /// <summary>A counter that starts anew at local midnight (Gemini: Pacific time).</summary>
    CalendarDay,

    /// <summary>Calls under way at once; no window.</summary>
    Concurrency,
}
