using FuncLimiter.Providers.Addressing;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Responses;

namespace FuncLimiter.Providers;

/// <summary>DeepSeek (api-docs.deepseek.com: rate limit, error codes). Its one limit is on calls under way.</summary>
internal sealed class DeepSeekProvider : HttpProvider
{
    /// <inheritdoc/>
    public override string Id => "deepseek";

    /// <inheritdoc/>
    public override Uri DefaultEndpoint { get; } = new("https://api.deepseek.com");

    /// <inheritdoc/>
    public override bool TellsStreamUsageOnRequest(Operation operation, string query) => operation == Operation.ChatCompletions;

    /// <inheritdoc/>
    public override UpstreamAddress Address(ProviderTarget target, Operation operation, string query) => operation == Operation.Messages
        ? new(Endpoints.Join(target.Endpoint, Path(operation), query), [new("x-api-key", target.ApiKey)])
        : base.Address(target, operation, query);

    /// <inheritdoc/>
    protected override string? PathOf(Operation operation) => operation switch
    {
        Operation.ChatCompletions => "/v1/chat/completions",
        Operation.Messages => "/anthropic/v1/messages",
        _ => null,
    };

    /// <inheritdoc/>
    protected override Verdict? Judge(in Failure failure) =>
        failure.Status == 429 && FailureRules.Judge(failure) is { Reason: Reasons.RateLimit } ? Verdict.Full(LimitNames.Concurrent) : null;
}
