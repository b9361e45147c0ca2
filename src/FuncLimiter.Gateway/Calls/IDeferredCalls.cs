using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Gateway.Calls;

/// <summary>Takes calls whose callers don't wait for the answer (<c>Prefer: respond-async</c>).</summary>
public interface IDeferredCalls
{
    /// <summary>Makes a job of a call and answers 202 with its address, or says in the call's dialect why not.</summary>
    /// <param name="context">The request and its response.</param>
    /// <param name="call">The call; its body is borrowed and to be copied before this completes.</param>
    Task AcceptAsync(HttpContext context, CallEnvelope call);
}
