using FuncLimiter.Core.Budgets;
using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Gateway.Calls;

/// <summary>The well-known values of OpenTelemetry's semantic conventions for generative AI.</summary>
internal static class GenAiNames
{
    /// <summary>The value of <c>gen_ai.provider.name</c> of a provider's id; the id itself where the conventions name none.</summary>
    public static string Of(string provider) => provider switch
    {
        "azure-openai" => "azure.ai.openai",
        "gemini" => "gcp.gemini",
        "vertex" => "gcp.vertex_ai",
        "bedrock" => "aws.bedrock",
        "mistral" => "mistral_ai",
        "xai" => "x_ai",
        _ => provider,
    };

    /// <summary>The value of <c>gen_ai.operation.name</c>.</summary>
    public static string Of(Operation operation) => operation switch
    {
        Operation.Embeddings => "embeddings",
        Operation.CountTokens => "count_tokens",
        Operation.Other => "other",
        Operation.OtherGeneration => "generate_content",
        _ => "chat",
    };
}

/// <summary>The names of outcomes in labels.</summary>
internal static class OutcomeName
{
    public static string Of(OutcomeKind outcome) => outcome switch
    {
        OutcomeKind.Success => "success",
        OutcomeKind.RateLimited => "rate_limited",
        OutcomeKind.Overloaded => "overloaded",
        OutcomeKind.TransientFailure => "transient_failure",
        OutcomeKind.QuotaExhausted => "quota_exhausted",
        _ => "rejected",
    };
}

/// <summary>What FuncLimiter's meters, traces and their instruments are called.</summary>
internal static class MetricNames
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
