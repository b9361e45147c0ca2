using System.Net;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Tests.Hosting;

namespace FuncLimiter.Gateway.Tests.Http;

/// <summary>What a tenant may take of one model, within its own limits.</summary>
public class ModelLimitsTests
{
    private static readonly (string, string)[] Impatient = [("x-api-key", Samples.AcmeKey), ("Prefer", "wait=0")];

    [Fact]
    public async Task Tenant_AtItsLimitOnAModel_IsToldOfThat_AndMayAskForOthers()
    {
        await using var gateway = await TestGateway.StartAsync(
            Limited, realLimiter: configuration => new EmbeddedLimiter(LimiterSpecs.From(configuration, isDurable: false), TimeProvider.System));
        gateway.Provider.AnswerWith(200, Samples.ChatAnswer);
        using var first = await gateway.PostAsync("/v1/chat/completions", Samples.Chat, Impatient);
        using var second = await gateway.PostAsync("/v1/chat/completions", Samples.Chat, Impatient);

        using var refused = await gateway.PostAsync("/v1/chat/completions", Samples.Chat, Impatient);
        using var other = await gateway.PostAsync("/v1/chat/completions", Samples.Chat.Replace("gpt-x", "smart", StringComparison.Ordinal), Impatient);
        using var others = await gateway.PostAsync("/v1/chat/completions", Samples.Chat, ("x-api-key", "fl-globex-key"), ("Prefer", "wait=0"));

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.TooManyRequests), (first.StatusCode, second.StatusCode, refused.StatusCode));
        Assert.Contains("tenant:acme/gpt-x", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Contains("tenant:acme/gpt-x", refused.Headers.GetValues("RateLimit").Single(), StringComparison.Ordinal);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromHours(1), TimeSpan.FromDays(1));
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (other.StatusCode, others.StatusCode));
        Assert.Contains("\"tenant:acme/gpt-x\"", await StatusAsync(gateway, Samples.AcmeKey), StringComparison.Ordinal);
        Assert.DoesNotContain("tenant:acme", await StatusAsync(gateway, "fl-globex-key"), StringComparison.Ordinal);
    }

    // Two calls in any 24 hours: so no moment of the test matters.
    private static GatewayConfiguration Limited(Uri provider)
    {
        var configuration = Samples.Keyed(provider);
        var twice = new Limit(Dimension.Requests, 2, TimeSpan.FromDays(1), LimitAlgorithm.Sliding);
        return configuration with
        {
            Tenants = [configuration.Tenants[0] with { ModelLimits = [new("gpt-x", [twice])] }, configuration.Tenants[1]],

            // Or everybody on this machine would see everything.
            Admin = new AdminConfiguration { Keys = [new string('0', 64)] },
        };
    }

    private static async Task<string> StatusAsync(TestGateway gateway, string key)
    {
        using var status = await gateway.GetAsync("/status", ("x-api-key", key));
        return await status.Content.ReadAsStringAsync();
    }
}
