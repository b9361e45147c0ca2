using FuncLimiter.Simulation.Providers;
using FuncLimiter.Simulation.Providers.Reports;

namespace FuncLimiter.Simulation.Tests.Providers.Reports;

public class DoubleReportTests
{
    private static readonly DeploymentOptions Plain = new("sk-a", "gpt-x")
    {
        Name = "east/gpt-x",
        Limits = [LimitOptions.Rpm(600, burstSeconds: 6), LimitOptions.Tpm(120_000, burstSeconds: 6)],
    };

    [Fact]
    public async Task Report_ComparesWhatWasAcceptedWithWhatCouldHaveBeen()
    {
        await using var client = await DoubleClient.StartAsync(Plain);

        client.Time.Advance(100);
        await client.ChatAsync(maxTokens: 12_000);
        client.Time.Advance(3);
        await client.ChatAsync(maxTokens: 6_000);
        await client.ChatAsync(maxTokens: 6_000);
        client.Time.Advance(1);
        var report = client.Provider.Report()["east/gpt-x"];

        // Four seconds since the first call: 60 + 4 x 10 requests, 12,000 + 4 x 2,000 tokens.
        Assert.Equal((3, 2, 1), (report.Calls, report.Accepted, report.Rejected));
        Assert.Equal(100, report.FirstCallSeconds!.Value, 6);
        var (requests, tokens) = (report.Limits[0], report.Limits[1]);
        Assert.Equal((2, 100, 2), (requests.Accepted, Math.Round(requests.MostPossible!.Value, 6), Math.Round(requests.Largest, 6)));
        Assert.Equal((18_000, 20_000, 12_000), (tokens.Accepted, Math.Round(tokens.MostPossible!.Value, 6), Math.Round(tokens.Largest, 6)));
        Assert.Equal(LimitDimension.Tokens, report.Binding!.Dimension);
        Assert.Equal(0.9, report.Utilization, 6);
        Assert.Equal(1, tokens.Refusals);
        Assert.False(tokens.Exceeded);
        Assert.Equal(1.0 / 3, report.RejectedShare, 6);
    }

    [Fact]
    public async Task Report_OfAWindowCountsTheWindowsTouched()
    {
        await using var client = await DoubleClient.StartAsync(
            new DeploymentOptions("sk-a", "gpt-x")
            {
                Dialect = ProviderDialect.Azure,
                Limits = [LimitOptions.AzureTpm(1000, TimeSpan.FromSeconds(30))],
            });

        await client.AzureAsync(maxTokens: 800, text: "");
        client.Time.Advance(30);
        await client.AzureAsync(maxTokens: 900, text: "");
        var limit = client.Provider.Report()["gpt-x"].Limits[0];

        Assert.Equal((1700, 2000, 900), (limit.Accepted, limit.MostPossible, limit.Largest));
    }

    [Fact]
    public async Task Usage_IsAddedUpOverCompletedCalls()
    {
        await using var client = await DoubleClient.StartAsync(Plain);

        await client.ChatAsync(maxTokens: 10, text: "12345678");
        await client.ChatAsync(maxTokens: 20, text: "12345678", more: ""","stream":true""");
        await client.ChatAsync(maxTokens: 20, fault: "500");
        var report = client.Provider.Report()["east/gpt-x"];

        Assert.Equal((2, 10, 30), (report.Completed, report.InputTokens, report.OutputTokens));
        Assert.Equal((3, 1, 0), (report.Accepted, report.Faults, report.UnderWay));
    }

    [Fact]
    public async Task IdempotencyKeys_ShowDoubleWork()
    {
        await using var client = await DoubleClient.StartAsync(Plain);

        await client.ChatAsync(maxTokens: 12_000, idempotency: "a");
        await client.ChatAsync(maxTokens: 12_000, idempotency: "b");
        client.Time.Advance(6);
        await client.ChatAsync(maxTokens: 100, idempotency: "b");
        await client.ChatAsync(maxTokens: 100, idempotency: "a");

        // The retry of b after its refusal is no double work, the second a is.
        Assert.Equal(new IdempotencyReport(2, 2, 1), client.Provider.Report().Idempotency);
    }
}
