using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Gateway.Http.Endpoints;

/// <summary>The names of priorities in what FuncLimiter reports.</summary>
internal static class PriorityName
{
    public static string Of(Priority priority) => priority switch
    {
        Priority.Interactive => "interactive",
        Priority.Standard => "standard",
        _ => "background",
    };
}
