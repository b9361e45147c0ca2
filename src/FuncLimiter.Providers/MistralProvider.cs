using System.Text.RegularExpressions;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Responses;

namespace FuncLimiter.Providers;

/// <summary>Mistral (docs.mistral.ai: usage limits). Its headers are known from recorded answers.</summary>
internal sealed partial class MistralProvider : HttpProvider
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private static readonly LimitHeaders[] Headers =
    [
        LimitHeaders.Suffixed(LimitNames.Requests, "req-minute", Minute),
        LimitHeaders.Suffixed(LimitNames.Tokens, "tokens-minute", Minute),
        LimitHeaders.Suffixed("audioSeconds", "audio-seconds-minute", Minute),
        LimitHeaders.Suffixed("ocrPages", "ocr-pages-minute", Minute),
        LimitHeaders.Suffixed("inputCharacters", "input-characters-minute", Minute),
        new("tokensMonth", null, "x-ratelimitbysize-limit-month", "x-ratelimitbysize-remaining-month", null),
        new(LimitNames.Tokens, Dimension.Tokens, "x-ratelimitbysize-limit-minute", "x-ratelimitbysize-remaining-minute", null) { Window = Minute },
        LimitHeaders.Prefixed(LimitNames.Tokens, "ratelimitbysize") with { Window = Minute },
    ];

    /// <inheritdoc/>
    public override string Id => "mistral";

    /// <inheritdoc/>
    public override Uri DefaultEndpoint { get; } = new("https://api.mistral.ai");

    /// <inheritdoc/>
    public override bool TakesEndUser => false;

    /// <inheritdoc/>
    public override (Regex Pattern, string Words)? CallIds => (NineWordCharacters(), "exactly 9 letters and digits");

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
    protected override ResponseReading Complete(ResponseReading reading, in HeaderValues headers) =>
        (headers.Number("x-ratelimit-tokens-query-cost") ?? headers.Number("ratelimitbysize-query-cost")) is { } cost and <= 1e15
            ? reading with { Charged = new ChargedTokens((long)cost) }
            : reading;

    /// <inheritdoc/>
    protected override Verdict? Judge(in Failure failure)
    {
        if (failure.Status != 429)
        {
            return null;
        }

        if (failure.Error.Type == "service_tier_capacity_exceeded" || failure.Error.Code == "3505")
        {
            return Verdict.Later(Reasons.Overloaded);
        }

        // A limit of nothing is a plan without this model.
        return failure.Limits.Named.GetValueOrDefault(LimitNames.Requests) is { Limit: 0 } ? Verdict.Final(Reasons.NoQuota) : null;
    }

    /// <summary>Windows of a minute, so that the reset is when there is room again.</summary>
    protected override double? WaitForReset(in Failure failure) => failure.ResetOfExhausted();

    [GeneratedRegex(@"^[a-zA-Z0-9]{9}\z")]
    private static partial Regex NineWordCharacters();
}
