using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Configuration;

namespace FuncLimiter.Gateway.Calls;

/// <summary>How long calls of a priority may wait.</summary>
internal static class LongestWait
{
    /// <summary>The priority's own bound.</summary>
    public static TimeSpan Of(QueueConfiguration queue, Priority priority) => priority switch
    {
        Priority.Interactive => queue.MaxWaitInteractive,
        Priority.Standard => queue.MaxWaitStandard,
        _ => queue.MaxWaitBackground,
    };

    /// <summary>The priority's bound, or the caller's own where that is shorter.</summary>
    public static TimeSpan Of(QueueConfiguration queue, Priority priority, TimeSpan? wish) =>
        wish is { } wait && wait < Of(queue, priority) ? wait : Of(queue, priority);
}
