using System.Diagnostics;
using System.Text;
using FuncLimiter.Simulation.Providers;
using FuncLimiter.Simulation.Providers.Faults;

namespace FuncLimiter.Simulation.Tests.Providers.Faults;

public class FaultTests
{
    private static readonly DeploymentOptions Plain = new("sk-a", "gpt-x") { Limits = [LimitOptions.Rpm(60), LimitOptions.Tpm(1000)] };
    private static readonly DeploymentOptions Claude = new("sk-a", "claude-x") { Dialect = ProviderDialect.Anthropic };

    [Fact]
    public async Task Header_MakesOneCallGoWrong()
    {
        await using var client = await DoubleClient.StartAsync(Plain, Claude);

        var error = await client.ChatAsync(fault: "500");
        var shed = await client.ChatAsync(fault: "503");
        var overloaded = await client.MessagesAsync(fault: "529");
        var fine = await client.ChatAsync();

        Assert.Equal((500, "server_error"), (error.Code, error.Json["error"]!["type"]!.GetValue<string>()));
        Assert.Equal((503, "server_is_overloaded"), (shed.Code, shed.Json["error"]!["code"]!.GetValue<string>()));
        Assert.Equal((529, "overloaded_error"), (overloaded.Code, overloaded.Json["error"]!["type"]!.GetValue<string>()));
        Assert.Equal(200, fine.Code);
    }

    [Fact]
    public async Task ServerError_ChargesTheWholeCall_AndSheddingARequestOnly()
    {
        await using var client = await DoubleClient.StartAsync(Plain);

        var error = await client.ChatAsync(maxTokens: 100, fault: "500");
        await client.ChatAsync(maxTokens: 100, fault: "503");
        var fine = await client.ChatAsync(maxTokens: 100);

        Assert.Equal("900", error["x-ratelimit-remaining-tokens"]);
        Assert.Equal("800", fine["x-ratelimit-remaining-tokens"]);
        Assert.Equal("57", fine["x-ratelimit-remaining-requests"]);
    }

    [Fact]
    public async Task UnknownHeader_Is400AndNamesTheKinds()
    {
        await using var client = await DoubleClient.StartAsync(Plain);

        var answer = await client.ChatAsync(fault: "explode");

        Assert.Equal(400, answer.Code);
        Assert.Contains("cut-stream", answer.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hang_EndsWithTheCallersPatienceAndCountsAsCancelled()
    {
        await using var client = await DoubleClient.StartAsync(Plain);
        using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        using var request = Request("hang");

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.Http.SendAsync(request, patience.Token));

        var waited = Stopwatch.StartNew();
        while (client.Provider.Report()["gpt-x"].Cancelled == 0 && waited.Elapsed < TimeSpan.FromSeconds(10))
        {
            await Task.Delay(5);
        }

        Assert.Equal((1, 0), (client.Provider.Report()["gpt-x"].Cancelled, client.Provider.Report()["gpt-x"].UnderWay));
    }

    [Fact]
    public async Task Reset_BreaksTheConnection()
    {
        await using var client = await DoubleClient.StartAsync(Plain);
        using var request = Request("reset");

        await Assert.ThrowsAsync<HttpRequestException>(() => client.Http.SendAsync(request));
    }

    [Fact]
    public async Task Garbage_Is200AndNoJson()
    {
        await using var client = await DoubleClient.StartAsync(Plain);

        var answer = await client.ChatAsync(fault: "garbage");

        Assert.Equal((200, "application/json"), (answer.Code, answer["Content-Type"]));
        Assert.ThrowsAny<System.Text.Json.JsonException>(() => answer.Json);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Cut_EndsInTheMiddleOfTheAnswer(bool stream)
    {
        await using var client = await DoubleClient.StartAsync(Plain);
        using var request = Request("cut-stream=8", maxTokens: 40, stream);

        using var response = await client.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await using var body = await response.Content.ReadAsStreamAsync();
        var got = new MemoryStream();

        await Assert.ThrowsAnyAsync<IOException>(() => body.CopyToAsync(got));
        var text = Encoding.UTF8.GetString(got.ToArray());
        Assert.StartsWith(stream ? "data: " : "{", text, StringComparison.Ordinal);
        Assert.DoesNotContain("finish_reason\":\"stop", text, StringComparison.Ordinal);
        if (stream)
        {
            Assert.Equal(3, text.Split("\"content\":").Length - 1);
        }
    }

    [Fact]
    public async Task SlowStream_WaitsBeforeEachChunk()
    {
        await using var client = await DoubleClient.StartAsync(Plain);
        using var request = Request("slow-stream=1000", maxTokens: 8, stream: true);

        var answering = client.Http.SendAsync(request);
        while (!answering.IsCompleted)
        {
            await Task.Delay(1);
            client.Time.Advance(client.Time.Waiting > 0 ? 0.5 : 0);
        }

        using var response = await answering;
        Assert.Contains("[DONE]", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(2, client.Time.GetElapsedTime(0).TotalSeconds, 0.51);
    }

    [Fact]
    public async Task RetryAfter_ClosesTheDeploymentAndCountsWhoComesEarly()
    {
        await using var client = await DoubleClient.StartAsync(Plain);
        client.Provider.AddFaults([new FaultRule(FaultKind.RetryAfter) { Value = 7, Count = 1 }]);

        var told = await client.ChatAsync();
        client.Time.Advance(3);
        var early = await client.ChatAsync();
        client.Time.Advance(4);
        var obedient = await client.ChatAsync();

        Assert.Equal((429, "7", "7000"), (told.Code, told["retry-after"], told["retry-after-ms"]));
        Assert.Equal((429, "4"), (early.Code, early["retry-after"]));
        Assert.Equal(200, obedient.Code);
        Assert.Equal(1, client.Provider.Report()["gpt-x"].DuringCooldown);
    }

    [Fact]
    public async Task Limit_ChangesUnannouncedAndComesBack()
    {
        await using var client = await DoubleClient.StartAsync(Plain);
        client.Provider.AddFaults([new FaultRule(FaultKind.LimitChange)
        {
            Value = 120, After = TimeSpan.FromSeconds(60), For = TimeSpan.FromSeconds(60), Dimension = LimitDimension.Tokens,
        }]);

        var before = await client.ChatAsync(maxTokens: 100);
        client.Time.Advance(60);
        var during = await client.ChatAsync(maxTokens: 100);
        var refused = await client.ChatAsync(maxTokens: 100);
        client.Time.Advance(60);
        var after = await client.ChatAsync(maxTokens: 100);

        Assert.Equal(["1000", "120", "1000"], new[] { before, during, after }.Select(answer => answer["x-ratelimit-limit-tokens"]));
        Assert.Equal(429, refused.Code);

        // A full bucket, a minute of 1,000 and a minute of 120.
        Assert.Equal(1000 + 1000 + 120, client.Provider.Report()["gpt-x"].Limits[1].MostPossible!.Value, 3);
    }

    [Fact]
    public async Task Rule_StrikesItsDeploymentInItsTimeEverySoOften()
    {
        await using var client = await DoubleClient.StartAsync(new ProviderDoubleOptions
        {
            Deployments = [Plain with { Limits = [] }, Plain with { Model = "gpt-y" }],
            Faults =
            [
                new FaultRule(FaultKind.Unavailable)
                {
                    Deployment = "gpt-x", After = TimeSpan.FromSeconds(10), For = TimeSpan.FromSeconds(10), Every = 2, Count = 2,
                },
            ],
        });

        var codes = new List<int> { (await client.ChatAsync()).Code };
        client.Time.Advance(10);
        for (var i = 0; i < 6; i++)
        {
            codes.Add((await client.ChatAsync()).Code);
        }

        Assert.Equal([200, 200, 503, 200, 503, 200, 200], codes);
        Assert.Equal(200, (await client.ChatAsync(model: "gpt-y")).Code);
    }

    private static HttpRequestMessage Request(string fault, int maxTokens = 10, bool stream = false)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = new StringContent(
                $$"""{"model":"gpt-x","max_tokens":{{maxTokens}},"stream":{{(stream ? "true" : "false")}},"messages":[]}""",
                Encoding.UTF8,
                "application/json"),
        };
        request.Headers.Add("Authorization", "Bearer sk-a");
        request.Headers.Add("x-double-fault", fault);
        return request;
    }
}
