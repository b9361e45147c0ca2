using FuncLimiter.Providers.Batches;
using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Providers.Tests.Batches;

/// <summary>Examples of "Message Batches", Claude API documentation.</summary>
public class AnthropicBatchesTests
{
    private const string Batch =
        """
        {"id":"msgbatch_013Zva2CMHLNnXjNJJKqJ2EF","type":"message_batch","processing_status":"in_progress",
        "request_counts":{"processing":2,"succeeded":0,"errored":0,"canceled":0,"expired":0},"ended_at":null,"created_at":"2024-09-24T18:37:24.100435Z",
        "expires_at":"2024-09-25T18:37:24.100435Z","cancel_initiated_at":null,"results_url":null}
        """;

    private static ProviderBatches Service => ProviderBatches.Of("anthropic")!;

    [Fact]
    public async Task Submit_SendsAllCallsAtOnce()
    {
        var script = new ScriptedService(("POST /v1/messages/batches", Batch));

        var made = await Service.SubmitAsync(
            script.Account("https://api.anthropic.com", "claude-x"), "batch_1", Operation.Messages,
            [new BatchCall(3, """{"model":"claude-x","max_tokens":1024,"messages":[]}"""u8.ToArray())], default);

        Assert.Equal("msgbatch_013Zva2CMHLNnXjNJJKqJ2EF", made.Id);
        Assert.Equal("""{"requests":[{"custom_id":"call-3","params":{"model":"claude-x","max_tokens":1024,"messages":[]}}]}""", script.Bodies[0]);
        Assert.Equal(("secret", "2023-06-01"), (script.Requests[0].Headers.GetValues("x-api-key").Single(), script.Requests[0].Headers.GetValues("anthropic-version").Single()));
    }

    [Theory]
    [InlineData("in_progress", false)]
    [InlineData("canceling", false)]
    [InlineData("ended", true)]
    public async Task IsOver_KnowsTheStates(string status, bool isOver)
    {
        var script = new ScriptedService(("GET /v1/messages/batches/b", Batch.Replace("in_progress", status, StringComparison.Ordinal)));

        Assert.Equal(isOver, await Service.IsOverAsync(script.Account("https://api.anthropic.com", "claude-x"), "b", default));
    }

    [Fact]
    public async Task Fetch_TellsWhatWasAnsweredAndWhatWasNot()
    {
        var script = new ScriptedService(("GET /v1/messages/batches/b/results",
            """
            {"custom_id":"call-1","result":{"type":"succeeded","message":{"id":"msg_1","type":"message","usage":{"input_tokens":11,"output_tokens":36}}}}
            {"custom_id":"call-0","result":{"type":"errored","error":{"type":"error","error":{"type":"invalid_request_error","message":"no"}}}}
            {"custom_id":"call-2","result":{"type":"expired"}}
            {"custom_id":"call-3","result":{"type":"canceled"}}
            """));

        var answers = new List<(int, int)>();
        await foreach (var answer in Service.FetchAsync(script.Account("https://api.anthropic.com", "claude-x"), "b", default))
        {
            answers.Add((answer.Place, answer.Status));
        }

        Assert.Equal([(1, 200), (0, 500), (2, 500), (3, 500)], answers);
    }

    [Fact]
    public async Task Cancel_AsksForIt()
    {
        var script = new ScriptedService(("POST /v1/messages/batches/b/cancel", Batch));

        await Service.CancelAsync(script.Account("https://api.anthropic.com", "claude-x"), "b", default);

        Assert.Single(script.Requests);
    }
}
