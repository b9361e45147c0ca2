using FuncLimiter.Gateway.Errors;
using FuncLimiter.Gateway.Headers;
using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Gateway.Calls;

/// <summary>Answers with an error of FuncLimiter's own, in the caller's dialect.</summary>
internal static class ErrorAnswer
{
    /// <summary>Writes the whole answer; headers that were set before stay.</summary>
    public static ValueTask WriteAsync(CallAnswer answer, Dialect dialect, GatewayError error, CancellationToken cancellationToken)
    {
        var body = ErrorBody.Write(dialect, error);
        AdmissionHeaders.Retry(answer, error);
        answer.SetHeader("Content-Type", "application/json");
        answer.Start(ErrorBody.Status(dialect, error), body.Length);
        return answer.WriteAsync(body, cancellationToken);
    }
}
