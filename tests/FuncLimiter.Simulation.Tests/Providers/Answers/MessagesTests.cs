using System.Text.Json.Nodes;
using FuncLimiter.Simulation.Providers;

namespace FuncLimiter.Simulation.Tests.Providers.Answers;

public class MessagesTests
{
    private const string Tools = ""","tools":[{"name":"get_weather","input_schema":{"type":"object"}}]""";

    private static readonly DeploymentOptions Plain = new("sk-a", "claude-x") { Dialect = ProviderDialect.Anthropic };

    [Fact]
    public async Task Whole_HasTextAndUsage()
    {
        await using var client = await DoubleClient.StartAsync(Plain);

        var answer = await client.MessagesAsync(maxTokens: 10, text: new string('a', 40));

        Assert.Equal("message", answer.Json["type"]!.GetValue<string>());
        Assert.Equal(40, answer.Json["content"]![0]!["text"]!.GetValue<string>().Length);
        Assert.Equal("end_turn", answer.Json["stop_reason"]!.GetValue<string>());
        Assert.Equal(13, answer.Json["usage"]!["input_tokens"]!.GetValue<int>());
        Assert.Equal(10, answer.Json["usage"]!["output_tokens"]!.GetValue<int>());
        Assert.NotNull(answer["request-id"]);
    }

    [Fact]
    public async Task Stream_RunsFromMessageStartToMessageStop()
    {
        await using var client = await DoubleClient.StartAsync(Plain);

        var streamed = await client.MessagesAsync(maxTokens: 10, more: ""","stream":true""");

        Assert.Equal(
            [
                "message_start", "content_block_start", "ping", "content_block_delta", "content_block_delta", "content_block_delta",
                "content_block_stop", "message_delta", "message_stop",
            ],
            streamed.Events.Select(each => each.Name));
        var data = streamed.Events.Select(each => JsonNode.Parse(each.Data)!).ToList();
        Assert.Equal(1, data[0]["message"]!["usage"]!["output_tokens"]!.GetValue<int>());
        Assert.Equal(10, data[^2]["usage"]!["output_tokens"]!.GetValue<int>());
        Assert.Equal("end_turn", data[^2]["delta"]!["stop_reason"]!.GetValue<string>());
        Assert.Equal(40, data.Sum(each => each["delta"]?["text"]?.GetValue<string>().Length ?? 0));
    }

    [Fact]
    public async Task Tool_IsUsedWholeAndStreamed_AndItsResultGetsAText()
    {
        await using var client = await DoubleClient.StartAsync(Plain);

        var whole = await client.MessagesAsync(text: "Call the tool", more: Tools);
        var streamed = await client.MessagesAsync(text: "Call the tool", more: Tools + ""","stream":true""");
        var after = await client.RawMessagesAsync(
            """
            {"model":"claude-x","max_tokens":9,"messages":[{"role":"user","content":"call the tool"},
              {"role":"assistant","content":[{"type":"tool_use","id":"t","name":"get_weather","input":{}}]},
              {"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"call the tool again"}]}]
            """ + Tools + "}");

        Assert.Equal("tool_use", whole.Json["stop_reason"]!.GetValue<string>());
        Assert.Equal("Paris", whole.Json["content"]![0]!["input"]!["location"]!.GetValue<string>());
        var parts = streamed.Events.Select(each => JsonNode.Parse(each.Data)!["delta"]?["partial_json"]?.GetValue<string>());
        Assert.Equal("""{"location":"Paris"}""", string.Concat(parts));
        Assert.Equal("end_turn", after.Json["stop_reason"]!.GetValue<string>());
    }

    [Fact]
    public async Task CountTokens_IsFree()
    {
        await using var client = await DoubleClient.StartAsync(Plain with { Limits = [LimitOptions.Rpm(1)] });

        var counted = await client.SendAsync(
            "/v1/messages/count_tokens",
            """{"model":"claude-x","messages":[{"role":"user","content":"12345678"}]}""",
            ("x-api-key", "sk-a"),
            ("anthropic-version", "2023-06-01"));

        Assert.Equal("""{"input_tokens":5}""", counted.Body);
        Assert.Equal(0, client.Provider.Report().Calls);
    }

    [Fact]
    public async Task Cache_IsWrittenAndReadWhereTheCallerSays()
    {
        await using var client = await DoubleClient.StartAsync(Plain with { Limits = [LimitOptions.Itpm(100_000)] });

        var first = await client.RawMessagesAsync(Cached("first question"));
        var second = await client.RawMessagesAsync(Cached("second question"));
        client.Time.Advance(301);
        var late = await client.RawMessagesAsync(Cached("second question"));

        // 8,000 characters are 2,000 tokens; a question of 14 or 15 characters and a frame of 3 are 7.
        Assert.Equal("2000 0 7", Input(first));
        Assert.Equal("0 2000 7", Input(second));
        Assert.Equal("2000 0 7", Input(late));
        Assert.Equal("98000", second["anthropic-ratelimit-input-tokens-remaining"]);
        Assert.Equal(2007 + 7 + 2007, client.Provider.Report()["claude-x"].Limits[0].Accepted);

        static string Cached(string question) => $$"""
            {"model":"claude-x","max_tokens":5,"messages":[{"role":"user","content":"{{question}}"}],
             "system":[{"type":"text","cache_control":{"type":"ephemeral"},"text":"{{new string('s', 8000)}}" }]}
            """;
        static string Input(DoubleClient.Answer answer)
        {
            var usage = answer.Json["usage"]!;
            return $"{usage["cache_creation_input_tokens"]} {usage["cache_read_input_tokens"]} {usage["input_tokens"]}";
        }
    }

    [Fact]
    public async Task Cache_OfAConversation_IsReadUpToTheLastTurnThatWasWritten()
    {
        await using var client = await DoubleClient.StartAsync(Plain);
        var first = $$"""{"role":"user","content":[{"type":"text","text":"{{new string('a', 8000)}}"MARK}]}""";
        const string answer = """{"role":"assistant","content":"fine"}""";
        var second = $$"""{"role":"user","content":[{"type":"text","text":"{{new string('b', 4000)}}"MARK}]}""";

        await client.RawMessagesAsync(Body(Marked(first)));
        var next = await client.RawMessagesAsync(Body(Unmarked(first), answer, Marked(second)));

        Assert.Equal(2000, next.Json["usage"]!["cache_read_input_tokens"]!.GetValue<int>());
        Assert.Equal(1001, next.Json["usage"]!["cache_creation_input_tokens"]!.GetValue<int>());

        static string Marked(string message) =>
            message.Replace("MARK", ""","cache_control":{"type":"ephemeral"}""", StringComparison.Ordinal);
        static string Unmarked(string message) => message.Replace("MARK", "", StringComparison.Ordinal);
        static string Body(params string[] messages) => """{"model":"claude-x","max_tokens":5,"messages":[""" + string.Join(',', messages) + "]}";
    }
}
