using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Tests.Hosting;

namespace FuncLimiter.Gateway.Tests.Http;

/// <summary>A refusal says what the budget that binds has too little of, also in the headers of the caller's own API.</summary>
public class RefusalHeaderTests
{
    private const string Budget = "deployment:openai-1/gpt-x";

    [Theory]
    [InlineData(0.4, "400ms")]
    [InlineData(28, "28s")]
    [InlineData(62, "1m2s")]
    [InlineData(3725, "1h2m5s")]
    [InlineData(86400, "24h0m0s")]
    public async Task OpenAI_IsToldInItsOwnHeaders(double resetSeconds, string reset)
    {
        await using var gateway = await TestGateway.StartAsync();
        Refuse(gateway, Dimension.Tokens, 28, new(Dimension.Requests, 60, 600, 600, 60, 20, resetSeconds), new(Dimension.Tokens, 60, 5000, 5000, 500, 450, 3));

        using var response = await gateway.PostAsync("/v1/chat/completions", Samples.Chat);

        Assert.Equal(("600", "40", reset), Told(response, "x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"));
        Assert.Equal(("5000", "0"), (Value(response, "x-ratelimit-limit-tokens"), Value(response, "x-ratelimit-remaining-tokens")));
        Assert.Contains("\"dimension\":\"tokens\"", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Anthropic_IsToldInItsOwnHeaders()
    {
        await using var gateway = await TestGateway.StartAsync();
        Refuse(gateway, Dimension.InputTokens, 28, new MeterReport(Dimension.InputTokens, 60, 600, 600, 60, 50, 4));

        using var response = await gateway.PostAsync("/v1/messages", Samples.Message);

        var (limit, remaining, reset) = Told(
            response, "anthropic-ratelimit-input-tokens-limit", "anthropic-ratelimit-input-tokens-remaining", "anthropic-ratelimit-input-tokens-reset");
        Assert.Equal(("600", "0"), (limit, remaining));
        Assert.InRange((DateTimeOffset.Parse(reset!, System.Globalization.CultureInfo.InvariantCulture) - DateTimeOffset.UtcNow).TotalSeconds, 20, 30);
    }

    [Fact]
    public async Task OtherBudgets_AreNotTold()
    {
        await using var gateway = await TestGateway.StartAsync();
        Refuse(gateway, Dimension.Requests, 28, new MeterReport(Dimension.Requests, 60, 600, 600, 60, 20, 4));
        gateway.Limiter.Tightest = gateway.Limiter.Tightest! with { Name = "tenant:default" };

        using var response = await gateway.PostAsync("/v1/chat/completions", Samples.Chat);

        Assert.Null(Value(response, "x-ratelimit-limit-requests"));
    }

    [Theory]
    [InlineData(OutcomeKind.Overloaded, 503)]
    [InlineData(OutcomeKind.TransientFailure, 503)]
    [InlineData(OutcomeKind.RateLimited, 429)]
    [InlineData(null, 429)]
    public async Task ScopeThatIsClosed_IsNotCalledFull(OutcomeKind? cause, int status)
    {
        await using var gateway = await TestGateway.StartAsync();
        gateway.Limiter.Decide = _ => new AdmissionResult
        {
            Refusal = new Refusal(RefusalReason.WouldWaitTooLong, Budget, Instant.From(DateTimeOffset.UtcNow.AddSeconds(300))) { IsClosed = true, ClosedBy = cause },
        };

        using var response = await gateway.PostAsync("/v1/chat/completions", Samples.Chat);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.InRange(response.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 298, 301);
        Assert.DoesNotContain("is full", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static void Refuse(TestGateway gateway, Dimension dimension, int seconds, params MeterReport[] meters)
    {
        gateway.Limiter.Tightest = new(Budget, meters, Instant.Distant, 1);
        gateway.Limiter.Decide = _ => new AdmissionResult
        {
            Refusal = new Refusal(RefusalReason.WouldWaitTooLong, Budget, Instant.From(DateTimeOffset.UtcNow.AddSeconds(seconds))) { Dimension = dimension },
        };
    }

    private static (string? Limit, string? Remaining, string? Reset) Told(HttpResponseMessage response, string limit, string remaining, string reset) =>
        (Value(response, limit), Value(response, remaining), Value(response, reset));

    private static string? Value(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? values.Single() : null;
}
