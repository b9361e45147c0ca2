using System.Net;
using System.Text.Json;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Tests.Hosting;

namespace FuncLimiter.Gateway.Tests.Usage;

public class UsageEndpointTests
{
    private static readonly (string, string)[] FromAcme = [("X-Forwarded-For", "203.0.113.9"), ("x-api-key", Samples.AcmeKey)];
    private static readonly (string, string)[] FromGlobex = [("X-Forwarded-For", "203.0.113.9"), ("x-api-key", "fl-globex-key")];

    [Fact]
    public async Task Usage_IsGroupedAsAsked_WithCostSharesAndRates()
    {
        await using var gateway = await StartAsync();
        await CallAsync(gateway, FromAcme, ("X-Workflow", "search"), ("X-Run", "r1"));
        await CallAsync(gateway, FromAcme, ("X-Workflow", "search"), ("X-Run", "r2"));
        await CallAsync(gateway, FromAcme, ("X-Workflow", "write"));

        var root = await JsonAsync(gateway, "/usage?by=workflow,model", FromAcme);

        var rows = root.GetProperty("rows").EnumerateArray().ToArray();
        Assert.Equal([("search", "gpt-x", 2), ("write", "gpt-x", 1)], rows.Select(row => (Text(row, "workflow"), Text(row, "model"), row.GetProperty("calls").GetInt32())));
        var each = ((7 * 2m) + (4 * 1m) + (7 * 10m)) / 1_000_000;
        Assert.Equal([2 * each, each], rows.Select(row => row.GetProperty("costUsd").GetDecimal()));
        Assert.Equal(0.666667m, rows[0].GetProperty("shareOfCost").GetDecimal());
        Assert.Equal(0.363636m, rows[0].GetProperty("cacheHitRate").GetDecimal());
        Assert.Equal(0.611111m, rows[0].GetProperty("inputShare").GetDecimal());
        Assert.Equal(0, rows[0].GetProperty("rejectionRate").GetDecimal());
        Assert.Equal(3 * each, root.GetProperty("total").GetProperty("costUsd").GetDecimal());
        Assert.Equal(JsonValueKind.Null, root.GetProperty("next").ValueKind);
    }

    [Fact]
    public async Task CostWithoutAPrice_IsUnknown_AndSaysWhy()
    {
        await using var gateway = await TestGateway.StartAsync(Unpriced, keepsUsage: true);
        gateway.Provider.AnswerWith(200, Samples.ChatAnswer);
        await CallAsync(gateway, FromAcme);

        var row = (await JsonAsync(gateway, "/usage?by=model", FromAcme)).GetProperty("rows")[0];
        var csv = await (await gateway.GetAsync("/usage?by=model&format=csv", FromAcme)).Content.ReadAsStringAsync();

        Assert.All(["costUsd", "inputCostUsd", "outputCostUsd", "shareOfCost"], name => Assert.Equal(JsonValueKind.Null, row.GetProperty(name).ValueKind));
        Assert.Equal(1, Int(row, "unpricedCalls"));
        Assert.Contains("no price", Text(row, "costUnknown"), StringComparison.Ordinal);
        Assert.Contains("gpt-x,1,1,0,0,0,0,1,11,4,0,7,,,,1,", csv, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CostOfSomeCallsWithoutAPrice_IsThePartThatIsKnown_AndSaysWhatIsNotInIt()
    {
        await using var gateway = await TestGateway.StartAsync(
            provider => Unpriced(provider) with
            {
                Accounts = [Unpriced(provider).Accounts[0], Samples.Keyed(provider).Accounts[1]],
                Routes = [new("gpt-x", ["openai-1/gpt-x"], []), new("gpt-y", ["openai-2/gpt-y"], [])],
            },
            keepsUsage: true);
        gateway.Provider.AnswerWith(200, Samples.ChatAnswer);
        await CallAsync(gateway, FromAcme);
        using (await gateway.PostAsync("/v1/chat/completions", Samples.Chat.Replace("gpt-x", "gpt-y", StringComparison.Ordinal), FromAcme))
        {
        }

        for (var attempt = 0; await CountAsync(gateway) < 2 && attempt < 500; attempt++)
        {
            await Task.Delay(5);
        }

        var total = (await JsonAsync(gateway, "/usage", FromAcme)).GetProperty("total");
        Assert.Equal((0.000088m, 1), (total.GetProperty("costUsd").GetDecimal(), Int(total, "unpricedCalls")));
        Assert.StartsWith("1 answered", Text(total, "costUnknown"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task CostOfNothing_IsNothing()
    {
        await using var gateway = await StartAsync();

        var total = (await JsonAsync(gateway, "/usage", FromAcme)).GetProperty("total");

        Assert.Equal(0, total.GetProperty("costUsd").GetDecimal());
        Assert.False(total.TryGetProperty("costUnknown", out _));
    }

    [Fact]
    public async Task Answer_TellsWhatItCost()
    {
        await using var gateway = await StartAsync();

        using var response = await gateway.PostAsync("/v1/chat/completions", Samples.Chat, FromAcme);

        Assert.Equal("0.000088", response.Headers.GetValues("X-FuncLimiter-Cost-Usd").Single());
    }

    [Fact]
    public async Task Tenant_SeesItsOwnOnly_AndAnOperatorAll()
    {
        await using var gateway = await StartAsync();
        await CallAsync(gateway, FromAcme);
        await CallAsync(gateway, FromGlobex);

        Assert.Equal(["acme"], Tenants(await JsonAsync(gateway, "/usage?by=tenant", FromAcme)));
        Assert.Equal(["globex"], Tenants(await JsonAsync(gateway, "/usage?by=tenant", FromGlobex)));
        Assert.Equal(["acme", "globex"], Tenants(await JsonAsync(gateway, "/usage?by=tenant")));
        Assert.Equal(["acme"], Tenants(await JsonAsync(gateway, "/usage?by=tenant&tenant=acme")));
        using var others = await gateway.GetAsync("/usage?tenant=globex", FromAcme);
        Assert.Equal(HttpStatusCode.Forbidden, others.StatusCode);
        using var stranger = await gateway.GetAsync("/usage", ("X-Forwarded-For", "203.0.113.9"));
        Assert.Equal(HttpStatusCode.Unauthorized, stranger.StatusCode);
    }

    [Fact]
    public async Task Csv_NeverHoldsWhatASpreadsheetWouldRun()
    {
        await using var gateway = await StartAsync();
        string[] names = ["=HYPERLINK(\"http://x\")", "+1", "-1", "@SUM(1)", "a,b", "plain"];
        foreach (var name in names)
        {
            await CallAsync(gateway, FromAcme, ("X-Workflow", name));
        }

        using var response = await gateway.GetAsync("/usage?by=workflow&format=csv", FromAcme);
        var lines = (await response.Content.ReadAsStringAsync()).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal("text/csv", response.Content.Headers.ContentType!.MediaType);
        Assert.StartsWith("workflow,calls,answered,", lines[0], StringComparison.Ordinal);
        string[] cells = ["'+1", "'-1", "\"'=HYPERLINK(\"\"http://x\"\")\"", "'@SUM(1)", "\"a,b\"", "plain"];
        Assert.Equal(cells.Select(cell => $"{cell},1,1"), lines[1..].Select(line => line[..(line.IndexOf(",1,1,", StringComparison.Ordinal) + 4)]));
    }

    [Fact]
    public async Task Pages_LeadFromOneToTheNext()
    {
        await using var gateway = await StartAsync();
        for (var run = 0; run < 5; run++)
        {
            await CallAsync(gateway, FromAcme, ("X-Run", $"r{run}"));
        }

        var runs = new List<string?>();
        for (var next = "/usage?by=run&limit=2"; next is not null;)
        {
            var root = await JsonAsync(gateway, next, FromAcme);
            Assert.Equal(5, root.GetProperty("total").GetProperty("calls").GetInt32());
            runs.AddRange(root.GetProperty("rows").EnumerateArray().Select(row => Text(row, "run")));
            next = Text(root, "next");
        }

        Assert.Equal(["r0", "r1", "r2", "r3", "r4"], runs);
    }

    [Fact]
    public async Task OrderByCost_HasTheDearestFirst_AndNoFurtherPage()
    {
        await using var gateway = await StartAsync();
        foreach (var (run, calls) in new[] { ("r0", 1), ("r1", 3), ("r2", 2) })
        {
            for (var call = 0; call < calls; call++)
            {
                await CallAsync(gateway, FromAcme, ("X-Run", run));
            }
        }

        var root = await JsonAsync(gateway, "/usage?by=run&order=cost&limit=2", FromAcme);

        Assert.Equal(["r1", "r2"], root.GetProperty("rows").EnumerateArray().Select(row => Text(row, "run")));
        Assert.Equal(6, Int(root.GetProperty("total"), "calls"));
        Assert.Equal(JsonValueKind.Null, root.GetProperty("next").ValueKind);
    }

    [Theory]
    [InlineData("by=planet", "by")]
    [InlineData("by=user,user", "by")]
    [InlineData("by=tenant,user,workflow,step,run,route", "by")]
    [InlineData("from=yesterday", "from")]
    [InlineData("from=2026-13-01", "from")]
    [InlineData("from=0001-01-01", "from")]
    [InlineData("from=2026-11-02&to=2026-11-01", "from")]
    [InlineData("from=2001-01-01&to=2009-01-01", "from")]
    [InlineData("from=2026-01-01T01:00Z&to=2026-01-02", "from")]
    [InlineData("to=", null)]
    [InlineData("interval=week", "interval")]
    [InlineData("interval=day&by=run", "interval")]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=10001", "limit")]
    [InlineData("limit=x", "limit")]
    [InlineData("order=size", "order")]
    [InlineData("order=cost&after=WyIwIl0", "after")]
    [InlineData("format=xml", "format")]
    [InlineData("after=nonsense", "after")]
    [InlineData("after=WyIxIl0&by=user", "after")]
    [InlineData("group=tenant", "group")]
    [InlineData("by=tenant&by=user", "by")]
    public async Task BadParameter_IsToldInPlainWords(string query, string? parameter)
    {
        await using var gateway = await StartAsync();

        using var response = await gateway.GetAsync($"/usage?{query}", FromAcme);
        using var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync());

        if (parameter is null)
        {
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            return;
        }

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(parameter, body.RootElement.GetProperty("error").GetProperty("param").GetString());
    }

    [Fact]
    public async Task Post_IsNotServed()
    {
        await using var gateway = await StartAsync();

        using var response = await gateway.PostAsync("/usage", "{}", FromAcme);

        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
    }

    [Fact]
    public async Task RefusedCalls_AreTheRejectionRate()
    {
        await using var gateway = await StartAsync();
        await CallAsync(gateway, FromAcme);
        gateway.Limiter.Decide = FakeLimiter.Refuse(
            RefusalReason.WouldWaitTooLong, "deployment:openai-1/gpt-x", Instant.From(DateTimeOffset.UtcNow.AddSeconds(9)));
        await CallAsync(gateway, FromAcme);

        var total = (await JsonAsync(gateway, "/usage?by=route", FromAcme)).GetProperty("rows")[0];

        Assert.Equal((2, 1, 1, 0.5m), (Int(total, "calls"), Int(total, "answered"), Int(total, "refused"), total.GetProperty("rejectionRate").GetDecimal()));
    }

    private static GatewayConfiguration Unpriced(Uri provider)
    {
        var configuration = Samples.Keyed(provider);
        return configuration with
        {
            Accounts = [.. configuration.Accounts.Select(account => account with { Models = [.. account.Models.Select(model => model with { Price = null })] })],
        };
    }

    private static async Task<TestGateway> StartAsync()
    {
        var gateway = await TestGateway.StartAsync(Samples.Keyed, keepsUsage: true);
        gateway.Provider.AnswerWith(200, Samples.ChatAnswer);
        return gateway;
    }

    private static async Task CallAsync(TestGateway gateway, (string, string)[] from, params (string, string)[] headers)
    {
        var before = await CountAsync(gateway);
        using var response = await gateway.PostAsync("/v1/chat/completions", Samples.Chat, [.. from, .. headers]);
        await response.Content.ReadAsByteArrayAsync();

        // A call is recorded once it is over, which its caller may see a moment earlier.
        for (var attempt = 0; await CountAsync(gateway) == before && attempt < 500; attempt++)
        {
            await Task.Delay(5);
        }
    }

    private static async Task<int> CountAsync(TestGateway gateway) => Int((await JsonAsync(gateway, "/usage")).GetProperty("total"), "calls");

    private static async Task<JsonElement> JsonAsync(TestGateway gateway, string path, params (string, string)[] headers)
    {
        using var response = await gateway.GetAsync(path, headers);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonDocument.Parse(text).RootElement;
    }

    private static IEnumerable<string?> Tenants(JsonElement root) => root.GetProperty("rows").EnumerateArray().Select(row => Text(row, "tenant"));

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();

    private static int Int(JsonElement element, string name) => element.GetProperty(name).GetInt32();
}
