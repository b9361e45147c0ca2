using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Headers;
using FuncLimiter.Gateway.Http.Requests;
using FuncLimiter.Gateway.Http.Responses;
using FuncLimiter.Providers.Dialects;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Gateway.Http.Endpoints;

/// <summary>Calls whose callers wait at the other end of the connection: how each is made of its request, and run.</summary>
internal sealed class LiveCalls(CallServices services, CallPipeline pipeline, Stopping stopping)
{
    /// <summary>The call that a request asks for.</summary>
    public CallEnvelope Read(HttpContext context, Dialect dialect, RequestFacts facts, ReadOnlyMemory<byte> body, Caller caller, string? idempotencyKey = null)
    {
        var headers = context.Request.Headers;
        return new CallEnvelope(dialect, facts, body, caller, context.Request.QueryString.Value ?? string.Empty, RequestHeaders.Of(headers))
        {
            MaxWait = services.Configuration.Queue.MaxWait(caller.Priority, Preferences.Read(headers[FuncLimiterHeaders.Prefer]).Wait),
            IdempotencyKey = idempotencyKey,
        };
    }

    /// <summary>Runs a call until it is answered, or its caller is gone.</summary>
    /// <param name="ways">Where it may go.</param>
    /// <param name="takesComments">Whether the connection may be kept alive by comments in the answer, while the call waits.</param>
    /// <param name="runner">Makes the attempts; null for the usual way.</param>
    /// <returns>Whether a connection may still be reading the call's body.</returns>
    public async Task<bool> RunAsync(HttpContext context, CallEnvelope call, CallWays ways, bool takesComments = false, IAttemptRunner? runner = null)
    {
        var every = services.Configuration.Queue.CommentEvery;
        using var kept = takesComments && every > TimeSpan.Zero
            ? new KeptAliveAnswer(new HttpAnswer(context), call.Dialect, every, services.Time, context.RequestAborted)
            : null;
        var run = pipeline.Start(call, ways, kept ?? (CallAnswer)new HttpAnswer(context), runner);
        (run.StopWaiting, run.StopError) = (stopping.Begun, Stopping.Error);
        try
        {
            await run.RunAsync(context.RequestAborted);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is left to be answered, and what was used is settled.
        }

        return run.HoldsBody;
    }
}
