using System.Text.Json.Nodes;
using FuncLimiter.Simulation.Providers;

namespace FuncLimiter.Simulation.Tests.Providers.Answers;

public class ChatCompletionTests
{
    private const string Tools =
        ""","tools":[{"type":"function","function":{"name":"get_weather","parameters":{"type":"object","properties":{}}}}]""";

    private static readonly DeploymentOptions Plain = new("sk-a", "gpt-x");

    [Fact]
    public async Task Whole_HasTextAndUsage()
    {
        await using var client = await DoubleClient.StartAsync(Plain);

        var answer = await client.ChatAsync(maxTokens: 7, text: new string('a', 38));

        Assert.Equal("application/json", answer["Content-Type"]);
        Assert.Equal("chat.completion", answer.Json["object"]!.GetValue<string>());
        var choice = answer.Json["choices"]![0]!;
        Assert.Equal(7, choice["message"]!["content"]!.GetValue<string>().Split(' ', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Equal("stop", choice["finish_reason"]!.GetValue<string>());

        // 38 characters are 10 tokens, and 3 frame the message.
        Assert.Equal("13 7 20", Usage(answer.Json));
    }

    [Fact]
    public async Task Choices_AreAllThereAndAllCounted()
    {
        await using var client = await DoubleClient.StartAsync(Plain);

        var answer = await client.ChatAsync(maxTokens: 5, text: "", more: ""","n":3""");

        Assert.Equal(3, answer.Json["choices"]!.AsArray().Count);
        Assert.Equal("3 15 18", Usage(answer.Json));
    }

    [Fact]
    public async Task LongAnswer_IsWholeThoughItsTextComesInParts()
    {
        await using var client = await DoubleClient.StartAsync(Plain);

        var answer = await client.ChatAsync(maxTokens: 5000);

        Assert.Equal(20_000, answer.Json["choices"]![0]!["message"]!["content"]!.GetValue<string>().Length);
    }

    [Fact]
    public async Task Stream_CarriesTheSameTextAndTheUsageLast()
    {
        await using var client = await DoubleClient.StartAsync(Plain);

        var whole = await client.ChatAsync(maxTokens: 10);
        var streamed = await client.ChatAsync(maxTokens: 10, more: ""","stream":true,"stream_options":{"include_usage":true}""");

        Assert.Equal("text/event-stream; charset=utf-8", streamed["Content-Type"]);
        var data = streamed.Events.Select(each => each.Data).ToList();
        Assert.Equal("[DONE]", data[^1]);
        var chunks = data.SkipLast(1).Select(each => JsonNode.Parse(each)!).ToList();
        Assert.All(chunks, chunk => Assert.Equal("chat.completion.chunk", chunk["object"]!.GetValue<string>()));
        Assert.Equal("assistant", chunks[0]["choices"]![0]!["delta"]!["role"]!.GetValue<string>());
        var text = string.Concat(chunks.SkipLast(1).Select(chunk => chunk["choices"]![0]!["delta"]!["content"]?.GetValue<string>()));
        Assert.Equal(whole.Json["choices"]![0]!["message"]!["content"]!.GetValue<string>(), text);
        Assert.Equal("stop", chunks[^2]["choices"]![0]!["finish_reason"]!.GetValue<string>());
        Assert.Empty(chunks[^1]["choices"]!.AsArray());
        Assert.Equal(Usage(whole.Json), Usage(chunks[^1]));
        Assert.All(chunks.SkipLast(1), chunk => Assert.True(chunk.AsObject().ContainsKey("usage") && chunk["usage"] is null));
    }

    [Fact]
    public async Task Stream_WithoutIncludeUsage_HasNone()
    {
        await using var client = await DoubleClient.StartAsync(Plain);

        var streamed = await client.ChatAsync(more: ""","stream":true""");

        Assert.DoesNotContain("usage", streamed.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AzureStream_BeginsWithAChunkWithoutChoices()
    {
        await using var client = await DoubleClient.StartAsync(Plain with { Dialect = ProviderDialect.Azure });

        var streamed = await client.AzureAsync(more: ""","stream":true""");

        var first = JsonNode.Parse(streamed.Events[0].Data)!;
        Assert.Empty(first["choices"]!.AsArray());
        Assert.NotNull(first["prompt_filter_results"]);
        Assert.Equal("West Europe", streamed["x-ms-region"]);
    }

    [Fact]
    public async Task Tool_IsCalledWhenTheLastUserMessageAsksForIt()
    {
        await using var client = await DoubleClient.StartAsync(Plain);

        var called = await client.ChatAsync(text: "Please call the tool.", more: Tools);
        var plain = await client.ChatAsync(text: "Hello.", more: Tools);
        var demanded = await client.ChatAsync(text: "Hello.", more: Tools + ""","tool_choice":"required" """);

        var call = called.Json["choices"]![0]!["message"]!["tool_calls"]![0]!;
        Assert.Equal("get_weather", call["function"]!["name"]!.GetValue<string>());
        Assert.Equal("""{"location":"Paris"}""", call["function"]!["arguments"]!.GetValue<string>());
        Assert.Equal("tool_calls", called.Json["choices"]![0]!["finish_reason"]!.GetValue<string>());
        Assert.Equal("stop", plain.Json["choices"]![0]!["finish_reason"]!.GetValue<string>());
        Assert.Equal("tool_calls", demanded.Json["choices"]![0]!["finish_reason"]!.GetValue<string>());
    }

    [Fact]
    public async Task ToolResult_GetsAText()
    {
        await using var client = await DoubleClient.StartAsync(Plain);

        var answer = await client.SendAsync(
            "/v1/chat/completions",
            """
            {"model":"gpt-x","messages":[{"role":"user","content":"call the tool"},
              {"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"get_weather","arguments":"{}"}}]},
              {"role":"tool","tool_call_id":"c1","content":"sunny"}]
            """ + Tools + "}",
            ("Authorization", "Bearer sk-a"));

        Assert.Equal("stop", answer.Json["choices"]![0]!["finish_reason"]!.GetValue<string>());
    }

    [Fact]
    public async Task ToolStream_PutsTheArgumentsTogetherFromParts()
    {
        await using var client = await DoubleClient.StartAsync(Plain);

        var streamed = await client.ChatAsync(text: "call the tool", more: Tools + ""","stream":true""");

        var deltas = streamed.Events.SkipLast(1).Select(each => JsonNode.Parse(each.Data)!["choices"]![0]!["delta"]!["tool_calls"]?[0])
            .Where(call => call is not null).ToList();
        Assert.Equal("get_weather", deltas[0]!["function"]!["name"]!.GetValue<string>());
        Assert.Equal("""{"location":"Paris"}""", string.Concat(deltas.Select(call => call!["function"]!["arguments"]!.GetValue<string>())));
        Assert.Contains("\"finish_reason\":\"tool_calls\"", streamed.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Length_IsDrawnFromThePromptAndCutOffAtMaxTokens()
    {
        await using var client = await DoubleClient.StartAsync(Plain with { Output = new OutputOptions { Draw = (50, 150) } });

        var first = await client.ChatAsync(maxTokens: 1000, text: "one");
        var again = await client.ChatAsync(maxTokens: 1000, text: "one");
        var cut = await client.ChatAsync(maxTokens: 20, text: "one");
        var others = new HashSet<int>();
        for (var i = 0; i < 20; i++)
        {
            others.Add(Output(await client.ChatAsync(maxTokens: 1000, text: $"prompt {i}")));
        }

        Assert.Equal(Output(first), Output(again));
        Assert.All(others, length => Assert.InRange(length, 50, 150));
        Assert.True(others.Count > 10);
        Assert.Equal(20, Output(cut));
        Assert.Equal("length", cut.Json["choices"]![0]!["finish_reason"]!.GetValue<string>());

        static int Output(DoubleClient.Answer answer) => answer.Json["usage"]!["completion_tokens"]!.GetValue<int>();
    }

    [Fact]
    public async Task Answer_TakesItsTime()
    {
        await using var client = await DoubleClient.StartAsync(
            Plain with { Latency = new(TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(10)) });

        var answering = client.ChatAsync(maxTokens: 100);
        while (!answering.IsCompleted)
        {
            await Task.Delay(1);
            client.Time.Advance(client.Time.Waiting > 0 ? 0.05 : 0);
        }

        Assert.Equal(200, (await answering).Code);
        Assert.Equal(2.0, client.Time.GetElapsedTime(0).TotalSeconds, 0.051);
    }

    private static string Usage(JsonNode json) =>
        $"{json["usage"]!["prompt_tokens"]} {json["usage"]!["completion_tokens"]} {json["usage"]!["total_tokens"]}";
}
