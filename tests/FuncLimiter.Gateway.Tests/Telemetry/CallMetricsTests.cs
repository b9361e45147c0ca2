using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Operations;
using FuncLimiter.Gateway.Operations.Telemetry;
using FuncLimiter.Gateway.Tests.Hosting;
using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Gateway.Tests.Telemetry;

public class CallMetricsTests
{
    private static readonly GatewayConfiguration Configuration = Samples.Open(new Uri("http://127.0.0.1:1"));

    [Fact]
    public async Task Metrics_AfterAnAnsweredCall_TellVerdictWaitTokensCostAndDuration()
    {
        await using var gateway = await TestGateway.StartAsync();
        gateway.Provider.AnswerWith(200, Samples.ChatAnswer);

        using (await gateway.PostAsync("/v1/chat/completions", Samples.Chat, ("X-Tenant", "acme"), ("X-Priority", "interactive")))
        {
            await gateway.Usage.SingleAsync();
        }

        var metrics = await ReadAsync(gateway);

        Assert.Equal(1, metrics["funclimiter_call_verdicts_total{verdict=\"admitted\",priority=\"interactive\",tenant=\"acme\"}"]);
        Assert.Equal(1, metrics["funclimiter_call_wait_seconds_count{priority=\"interactive\"}"]);
        var model = "gen_ai_operation_name=\"chat\",gen_ai_provider_name=\"openai\",gen_ai_request_model=\"gpt-x\",gen_ai_response_model=\"gpt-x\"";
        Assert.Equal(11, metrics[$"gen_ai_client_token_usage_sum{{{model},gen_ai_token_type=\"input\"}}"]);
        Assert.Equal(7, metrics[$"gen_ai_client_token_usage_sum{{{model},gen_ai_token_type=\"output\"}}"]);
        Assert.Equal(1, metrics[$"gen_ai_client_operation_duration_seconds_count{{{model}}}"]);
        Assert.Equal(0.000_088, metrics["funclimiter_cost_usd_total{tenant=\"acme\",deployment=\"openai-1/gpt-x\"}"], 9);
    }

    [Fact]
    public async Task Metrics_AfterARefusal_TellWhy()
    {
        await using var gateway = await TestGateway.StartAsync();
        gateway.Limiter.Decide = FakeLimiter.Refuse(RefusalReason.QueueFull, "deployment:openai-1/gpt-x", Instant.Unknown);

        using (await gateway.PostAsync("/v1/chat/completions", Samples.Chat))
        {
        }

        var metrics = await ReadAsync(gateway);

        Assert.Equal(1, metrics["funclimiter_call_verdicts_total{verdict=\"refused\",priority=\"standard\",tenant=\"default\",reason=\"queue_full\"}"]);
    }

    [Fact]
    public void Tenants_PastTheBound_ShareOneLabel_AndUsersHaveNone()
    {
        using var metrics = new GatewayMetrics(Configuration);
        using var series = new MetricSeries(metrics);
        for (var i = 0; i < 1_000; i++)
        {
            metrics.Verdict(CallEventKind.Admitted, $"tenant-{i}", Priority.Standard, null);
            metrics.Ended(Record($"tenant-{i}", $"user-{i}"));
        }

        var text = new System.Text.StringBuilder();
        series.Write(text);
        var parsed = PrometheusText.Parse(text.ToString());

        Assert.Equal(1_000, parsed.Sum("funclimiter_call_verdicts_total"));
        Assert.Equal(800, parsed.Sum("funclimiter_call_verdicts_total", "tenant=\"other\""));
        Assert.Equal(201, parsed.Samples.Count(sample => sample.Key.StartsWith("funclimiter_call_verdicts_total", StringComparison.Ordinal)));
        Assert.DoesNotContain("user-", text.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Estimates_AreComparedWithWhatCame()
    {
        using var metrics = new GatewayMetrics(Configuration);
        using var series = new MetricSeries(metrics);

        metrics.Settled("openai-1/gpt-x", new Charge(1, 100, 0, 0, 1), new Charge(1, 80, 0, 0, 0));

        var text = new System.Text.StringBuilder();
        series.Write(text);
        var parsed = PrometheusText.Parse(text.ToString());
        Assert.Equal(0.8, parsed["funclimiter_estimate_ratio_sum{deployment=\"openai-1/gpt-x\"}"], 6);
        Assert.Equal(0, parsed["funclimiter_estimate_ratio_bucket{deployment=\"openai-1/gpt-x\",le=\"0.75\"}"]);
        Assert.Equal(1, parsed["funclimiter_estimate_ratio_bucket{deployment=\"openai-1/gpt-x\",le=\"0.9\"}"]);
    }

    private static async Task<PrometheusText> ReadAsync(TestGateway gateway)
    {
        using var response = await gateway.GetAsync("/metrics");
        return PrometheusText.Parse(await response.Content.ReadAsStringAsync());
    }

    private static UsageRecord Record(string tenant, string user) => new(
        DateTimeOffset.UnixEpoch, new Caller(tenant, user, Priority.Standard, null, null, "run-" + user), "gpt-x", Operation.ChatCompletions, "openai-1/gpt-x", 200,
        new TokenUsage(10, 5), 0.01m, TimeSpan.Zero, TimeSpan.FromSeconds(1), 1);
}
