using FuncLimiter.Core.Budgets;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Responses;

namespace FuncLimiter.Providers;

/// <summary>Together (docs.together.ai: serverless rate limits).</summary>
internal sealed class TogetherProvider : HttpProvider
{
    private static readonly LimitHeaders[] Headers =
    [
        LimitHeaders.Plain,
        new(LimitNames.Tokens, Dimension.Tokens, "x-tokenlimit-limit", "x-tokenlimit-remaining", null)
        {
            Window = TimeSpan.FromSeconds(1),
            WindowIsImplied = true,
        },
    ];

    /// <inheritdoc/>
    public override string Id => "together";

    /// <inheritdoc/>
    public override Uri DefaultEndpoint { get; } = new("https://api.together.xyz");

    /// <inheritdoc/>
    protected override string? PathOf(Operation operation) => operation switch
    {
        Operation.ChatCompletions => "/v1/chat/completions",
        Operation.Embeddings => "/v1/embeddings",
        _ => null,
    };

    /// <inheritdoc/>
    protected override void ReadLimits(in HeaderValues headers, LimitTable limits) => limits.Add(headers, Headers);

    /// <inheritdoc/>
    protected override Verdict? Judge(in Failure failure)
    {
        var type = Json.Word(failure.Error.Root, "error_type") ?? failure.Error.Detail("error_type") ?? failure.Error.Type;
        return type switch
        {
            "dynamic_request_limited" => Verdict.Full(LimitNames.Requests),
            "dynamic_token_limited" => Verdict.Full(LimitNames.Tokens),
            _ => null,
        };
    }

    /// <summary>On a 429 the reset is when to come back, with or without what remains.</summary>
    protected override double? WaitForReset(in Failure failure) =>
        failure.Status == 429 ? failure.Headers.Reset(LimitHeaders.Plain.Reset!) : null;
}
