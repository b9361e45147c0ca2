using System.Text;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Jobs;

namespace FuncLimiter.Functions.Tests.Jobs;

/// <summary>Requests for jobs.</summary>
internal static class JobRequests
{
    public static JobCall Call(TimeSpan? deadline = null) => new(
        "/v1/chat/completions",
        Encoding.UTF8.GetBytes("""{"model":"gpt-x","max_tokens":10,"messages":[{"role":"user","content":"hi"}]}"""),
        Priority.Standard)
    {
        Deadline = deadline,
    };

    public static JobRequest One(TimeSpan? deadline = null) => new([Call(deadline)]);

    public static JobRequest List(int calls) => new([.. Enumerable.Range(0, calls).Select(_ => Call())]) { IsList = true };
}
