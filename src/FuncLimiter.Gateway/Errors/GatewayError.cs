using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Gateway.Errors;

/// <summary>An error that FuncLimiter itself answers, before it is put in the caller's dialect.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Code">A stable word for machines, for example <c>model_not_found</c>.</param>
/// <param name="Message">What is wrong and what to do, for people.</param>
public sealed record GatewayError(int Status, string Code, string Message)
{
    /// <summary>The part of the request that is wrong, or null.</summary>
    public string? Parameter { get; init; }

    /// <summary>The budget that binds, where a limit refused the call.</summary>
    public string? Budget { get; init; }

    /// <summary>What the limit that binds counts, where a limit refused the call and that is known.</summary>
    public Dimension? Dimension { get; init; }

    /// <summary>After what time a retry is expected to be taken; null where none can be foreseen.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>False where the same request can't succeed by repeating it.</summary>
    public bool ShouldRetry { get; init; }

    /// <summary>400: the request is wrong.</summary>
    public static GatewayError BadRequest(string code, string message, string? parameter = null) =>
        new(400, code, message) { Parameter = parameter };
}
