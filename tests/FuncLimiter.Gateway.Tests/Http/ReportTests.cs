using System.Net;
using System.Text.Json;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Tests.Hosting;

namespace FuncLimiter.Gateway.Tests.Http;

public class ReportTests
{
    private static readonly Instant Now = new(638_000_000_000_000_000);

    private static readonly LimiterReport Report = new(
        Now,
        [
            new("deployment:openai-1/gpt-x", [new(Dimension.Tokens, 60, 120_000, 90_000, 12_000, 11_000, 5.5)], Now + TimeSpan.FromSeconds(4), 0.92),
            new("tenant:acme", [new(Dimension.Requests, 60, 100, 100, 100, 10, 6)], Instant.Distant, 0.1),
            new("tenant:globex", [new(Dimension.Requests, 60, 100, 100, 100, 10, 6)], Instant.Distant, 0.1),
            new("user:acme/a\"b", [], Instant.Distant, 0),
        ],
        [new("gpt-x", "acme", Priority.Interactive, 3, 1.5), new("gpt-x", "globex", Priority.Background, 7, 9)],
        10, 100, 4, 2);

    [Fact]
    public async Task Status_ShowsLearnedLimitsBesideConfiguredOnes_QueuesAndPressure()
    {
        await using var gateway = await StartAsync();

        using var response = await gateway.GetAsync("/status");
        using var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync());

        var root = body.RootElement;
        Assert.Equal("act", root.GetProperty("pressure").GetString());
        Assert.Equal((10, 100, 4, 2), (Int(root, "waiting"), Int(root, "admitted"), Int(root, "refused"), Int(root, "providerRateLimited")));
        var budget = root.GetProperty("budgets")[0];
        Assert.Equal("act", budget.GetProperty("pressure").GetString());
        Assert.Equal(Now.ToDateTimeOffset().AddSeconds(4), budget.GetProperty("cooldownUntil").GetDateTimeOffset());
        var meter = budget.GetProperty("meters")[0];
        Assert.Equal(("tokens", 120_000, 90_000, 1_000), (meter.GetProperty("dimension").GetString(), Int(meter, "configured"), Int(meter, "effective"), Int(meter, "remaining")));
        Assert.Equal("interactive", root.GetProperty("queues")[0].GetProperty("priority").GetString());
    }

    [Fact]
    public async Task Metrics_AreTheSameNumbersAsPrometheusText()
    {
        await using var gateway = await StartAsync();

        using var response = await gateway.GetAsync("/metrics");
        var text = await response.Content.ReadAsStringAsync();

        Assert.Equal("text/plain", response.Content.Headers.ContentType!.MediaType);
        Assert.Contains("\nfunclimiter_calls_admitted_total 100\n", text, StringComparison.Ordinal);
        Assert.Contains("\nfunclimiter_limit_effective{budget=\"deployment:openai-1/gpt-x\",dimension=\"tokens\",window_seconds=\"60\"} 90000\n", text, StringComparison.Ordinal);
        Assert.Contains("funclimiter_budget_utilization{budget=\"user:acme/a\\\"b\"} 0\n", text, StringComparison.Ordinal);
        Assert.Contains("funclimiter_queue_waiting{route=\"gpt-x\",tenant=\"globex\",priority=\"background\"} 7\n", text, StringComparison.Ordinal);
        Assert.Contains("funclimiter_budget_cooldown_seconds{budget=\"deployment:openai-1/gpt-x\"} 4\n", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/status")]
    [InlineData("/metrics")]
    public async Task Tenant_FromElsewhere_SeesWhatIsSharedAndItsOwn(string path)
    {
        await using var gateway = await StartAsync();

        using var response = await gateway.GetAsync(path, ("X-Forwarded-For", "203.0.113.9"), ("x-api-key", Samples.AcmeKey));
        var text = await response.Content.ReadAsStringAsync();

        Assert.Contains("deployment:openai-1/gpt-x", text, StringComparison.Ordinal);
        Assert.Contains("tenant:acme", text, StringComparison.Ordinal);
        Assert.DoesNotContain("globex", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stranger_FromElsewhere_SeesNothing()
    {
        await using var gateway = await StartAsync();

        using var response = await gateway.GetAsync("/status", ("X-Forwarded-For", "203.0.113.9"));

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Fact]
    public async Task Health_IsThereWithoutAKey()
    {
        await using var gateway = await StartAsync();

        using var live = await gateway.GetAsync("/health/live");
        using var ready = await gateway.GetAsync("/health/ready");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (live.StatusCode, ready.StatusCode));
    }

    [Fact]
    public async Task Root_SaysWhatThisIsAndWhereTheDashboardIs()
    {
        await using var gateway = await StartAsync();

        using var response = await gateway.GetAsync("/");
        using var page = await gateway.GetAsync("/", ("Accept", "text/html,application/xhtml+xml"));

        using var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        Assert.Equal("FuncLimiter", body.RootElement.GetProperty("name").GetString());
        Assert.Equal("/dashboard", body.RootElement.GetProperty("dashboard").GetString());
        Assert.Equal("text/html", page.Content.Headers.ContentType!.MediaType);
        Assert.Contains("<a href=\"/dashboard\">", await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Root_TakesGetOnly()
    {
        await using var gateway = await StartAsync();

        using var response = await gateway.PostAsync("/", "{}");

        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
    }

    private static async Task<TestGateway> StartAsync()
    {
        var gateway = await TestGateway.StartAsync(Samples.Keyed);
        gateway.Limiter.Answer = Report;
        return gateway;
    }

    private static int Int(JsonElement element, string name) => (int)element.GetProperty(name).GetDouble();
}
