using System.Text;
using FuncLimiter.Providers.Batches;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Translation;

namespace FuncLimiter.Providers.Tests.Batches;

/// <summary>Examples of "Batch API", Gemini API reference.</summary>
public class GeminiBatchesTests
{
    private const string Endpoint = "https://generativelanguage.googleapis.com";

    private static ProviderBatches Service => ProviderBatches.Of("gemini")!;

    [Fact]
    public void Service_TakesCallsInGeminisOwnApiAlone()
    {
        Assert.True(Service.Takes(Wire.GenerateContent));
        Assert.DoesNotContain(Enum.GetValues<Operation>(), Service.Takes);
    }

    [Fact]
    public async Task Submit_SendsTheCallsWithinTheRequest()
    {
        var script = new ScriptedService(("POST /v1beta/models/gemini-x:batchGenerateContent", """{"name":"batches/123456","metadata":{"state":"BATCH_STATE_PENDING"}}"""));

        var made = await Service.SubmitAsync(
            script.Account(Endpoint, "gemini-x"), "batch_1", Operation.ChatCompletions, [new BatchCall(0, """{"contents":[]}"""u8.ToArray())], default);

        Assert.Equal("batches/123456", made.Id);
        Assert.Equal(
            """{"batch":{"displayName":"batch_1","inputConfig":{"requests":{"requests":[{"request":{"contents":[]},"metadata":{"key":"call-0"}}]}}}}""", script.Bodies[0]);
        Assert.Equal("secret", script.Requests[0].Headers.GetValues("x-goog-api-key").Single());
    }

    [Theory]
    [InlineData("""{"name":"batches/1","metadata":{"state":"BATCH_STATE_RUNNING"}}""", false)]
    [InlineData("""{"name":"batches/1","metadata":{"state":"JOB_STATE_PENDING"}}""", false)]
    [InlineData("""{"name":"batches/1","metadata":{"state":"BATCH_STATE_SUCCEEDED"},"done":true}""", true)]
    [InlineData("""{"name":"batches/1","metadata":{"state":"BATCH_STATE_EXPIRED"}}""", true)]
    public async Task IsOver_KnowsTheStates(string batch, bool isOver) =>
        Assert.Equal(isOver, await Service.IsOverAsync(new ScriptedService(("GET /v1beta/batches/1", batch)).Account(Endpoint, "gemini-x"), "batches/1", default));

    [Fact]
    public async Task Fetch_GoesByTheKey_ElseByTheOrder()
    {
        var script = new ScriptedService(("GET /v1beta/batches/1",
            """
            {"name":"batches/1","done":true,"response":{"inlinedResponses":{"inlinedResponses":[
              {"response":{"candidates":[]},"metadata":{"key":"call-1"}},
              {"error":{"code":3,"message":"no"},"metadata":{"key":"call-0"}},
              {"response":{"candidates":[1]}}]}}}
            """));

        var answers = new List<(int, int, string)>();
        await foreach (var answer in Service.FetchAsync(script.Account(Endpoint, "gemini-x"), "batches/1", default))
        {
            answers.Add((answer.Place, answer.Status, Encoding.UTF8.GetString(answer.Body.Span)));
        }

        Assert.Equal([(1, 200, """{"candidates":[]}"""), (0, 500, ""), (2, 200, """{"candidates":[1]}""")], answers);
    }

    [Fact]
    public async Task Find_KnowsABatchByItsName()
    {
        var script = new ScriptedService(("GET /v1beta/batches?pageSize=100",
            """{"operations":[{"name":"batches/1","metadata":{"displayName":"other"}},{"name":"batches/2","metadata":{"displayName":"batch_1"}}]}"""));

        Assert.Equal("batches/2", await Service.FindAsync(script.Account(Endpoint, "gemini-x"), "batch_1", default));
    }
}
