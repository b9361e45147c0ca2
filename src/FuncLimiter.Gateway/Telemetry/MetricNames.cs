namespace FuncLimiter.Gateway.Telemetry;

/// <summary>What FuncLimiter's meters, traces and their instruments are called.</summary>
public static class MetricNames
{
    /// <summary>The meter and the activity source.</summary>
    public const string Source = "FuncLimiter";

    /// <summary>What the limiter decided, by verdict, priority, tenant and reason.</summary>
    public const string Verdicts = "funclimiter.call.verdicts";

    /// <summary>Seconds from a call's asking to its verdict, by priority.</summary>
    public const string Wait = "funclimiter.call.wait";

    /// <summary>Attempts after the first, by priority.</summary>
    public const string Retries = "funclimiter.call.retries";

    /// <summary>Failures that providers answered, by deployment and outcome; rate limits are <c>rate_limited</c>.</summary>
    public const string Failures = "funclimiter.provider.failures";

    /// <summary>What a call was charged in the end over what was foreseen, by deployment; 1 is a perfect estimate.</summary>
    public const string EstimateRatio = "funclimiter.estimate.ratio";

    /// <summary>US dollars, by tenant and deployment.</summary>
    public const string Cost = "funclimiter.cost";

    /// <summary>Seconds that looking at everything for operators took, dashboard and alerts included.</summary>
    public const string Watch = "funclimiter.watch.duration";

    /// <summary>Tokens used, as OpenTelemetry's conventions for generative AI name it.</summary>
    public const string TokenUsage = "gen_ai.client.token.usage";

    /// <summary>Seconds a call took, as OpenTelemetry's conventions for generative AI name it.</summary>
    public const string Duration = "gen_ai.client.operation.duration";
}
