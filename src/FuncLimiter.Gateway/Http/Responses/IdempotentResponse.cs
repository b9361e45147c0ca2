using FuncLimiter.Gateway.Calls.Errors;
using FuncLimiter.Gateway.Calls.Headers;
using FuncLimiter.Gateway.Calls.Idempotency;
using FuncLimiter.Providers.Dialects;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Gateway.Http.Responses;

/// <summary>Answers a request whose call was made, shared or refused under its idempotency key.</summary>
internal static class IdempotentResponse
{
    /// <summary>Set to <c>true</c> on an answer that was given before.</summary>
    public const string ReplayedHeader = "Idempotent-Replayed";

    private static readonly GatewayError Different = new(
        422, "idempotency_key_reused", "Something else was asked under this Idempotency-Key. Use a new key for a new request.")
    {
        Parameter = FuncLimiterHeaders.IdempotencyKey,
    };

    private static readonly GatewayError InFlight = new(
        409, "idempotency_key_in_flight", "The same request is being streamed under this Idempotency-Key. Wait for its end, or use a new key.")
    {
        Parameter = FuncLimiterHeaders.IdempotencyKey,
        RetryAfter = TimeSpan.FromSeconds(1),
        ShouldRetry = true,
    };

    /// <summary>Writes the answer.</summary>
    /// <param name="dialect">The caller's dialect, for refusals.</param>
    /// <param name="answer">What became of the call.</param>
    public static async Task WriteAsync(HttpContext context, Dialect dialect, IdempotentAnswer answer)
    {
        if (!answer.IsAnswered)
        {
            await JsonResponse.WriteErrorAsync(context, dialect, answer.Outcome == IdempotentOutcome.Different ? Different : InFlight);
            return;
        }

        var response = context.Response;
        response.StatusCode = answer.Result.Status;
        foreach (var (name, value) in answer.Result.Headers)
        {
            response.Headers[name] = value;
        }

        if (answer.Outcome == IdempotentOutcome.Replayed)
        {
            response.Headers[ReplayedHeader] = "true";
        }

        response.ContentLength = answer.Result.Body.Length;
        await response.BodyWriter.WriteAsync(answer.Result.Body, context.RequestAborted);
    }
}
