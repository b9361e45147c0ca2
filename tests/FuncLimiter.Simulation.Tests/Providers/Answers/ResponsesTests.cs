using System.Text.Json.Nodes;
using FuncLimiter.Simulation.Providers;

namespace FuncLimiter.Simulation.Tests.Providers.Answers;

public class ResponsesTests
{
    private const string Tools = ""","tools":[{"type":"function","name":"get_weather","parameters":{}}]""";

    private static readonly DeploymentOptions Plain = new("sk-a", "gpt-x");

    [Fact]
    public async Task Whole_HasTextAndUsage()
    {
        await using var client = await DoubleClient.StartAsync(Plain);

        var answer = await AskAsync(client, "hello world!");

        Assert.Equal("completed", answer.Json["status"]!.GetValue<string>());
        Assert.Equal(40, answer.Json["output"]![0]!["content"]![0]!["text"]!.GetValue<string>().Length);
        Assert.Equal(6, answer.Json["usage"]!["input_tokens"]!.GetValue<int>());
        Assert.Equal(10, answer.Json["usage"]!["output_tokens"]!.GetValue<int>());
        Assert.Equal(16, answer.Json["usage"]!["total_tokens"]!.GetValue<int>());
    }

    [Fact]
    public async Task Stream_HasEveryEventInItsOrder()
    {
        await using var client = await DoubleClient.StartAsync(Plain);

        var streamed = await AskAsync(client, "hello", ""","stream":true""");

        Assert.Equal(
            [
                "response.created", "response.in_progress", "response.output_item.added", "response.content_part.added",
                "response.output_text.delta", "response.output_text.delta", "response.output_text.delta",
                "response.output_text.done", "response.content_part.done", "response.output_item.done", "response.completed",
            ],
            streamed.Events.Select(each => each.Name));
        var data = streamed.Events.Select(each => JsonNode.Parse(each.Data)!).ToList();
        Assert.Equal(streamed.Events.Select(each => each.Name), data.Select(each => each["type"]!.GetValue<string>()));
        Assert.Equal(Enumerable.Range(0, data.Count), data.Select(each => each["sequence_number"]!.GetValue<int>()));
        var text = string.Concat(data.Select(each => each["delta"]?.GetValue<string>()));
        var response = data[^1]["response"]!;
        Assert.Equal(text, response["output"]![0]!["content"]![0]!["text"]!.GetValue<string>());
        Assert.Equal(10, response["usage"]!["output_tokens"]!.GetValue<int>());
        Assert.Null(data[0]["response"]!["usage"]);
    }

    [Fact]
    public async Task Tool_IsCalledWholeAndStreamed_AndItsResultGetsAText()
    {
        await using var client = await DoubleClient.StartAsync(Plain);

        var whole = await AskAsync(client, "call the tool", Tools);
        var streamed = await AskAsync(client, "call the tool", Tools + ""","stream":true""");
        var after = await client.SendAsync(
            "/v1/responses",
            """
            {"model":"gpt-x","input":[{"role":"user","content":"call the tool"},{"type":"function_call_output","call_id":"c","output":"ok"}]
            """ + Tools + "}",
            ("Authorization", "Bearer sk-a"));

        var item = whole.Json["output"]![0]!;
        Assert.Equal(("function_call", "get_weather"), (item["type"]!.GetValue<string>(), item["name"]!.GetValue<string>()));
        Assert.Contains(streamed.Events, each => each.Name == "response.function_call_arguments.done");
        Assert.Equal("message", after.Json["output"]![0]!["type"]!.GetValue<string>());
    }

    private static Task<DoubleClient.Answer> AskAsync(DoubleClient client, string input, string more = "") => client.SendAsync(
        "/v1/responses", $$"""{"model":"gpt-x","input":"{{input}}","max_output_tokens":10{{more}}}""", ("Authorization", "Bearer sk-a"));
}
