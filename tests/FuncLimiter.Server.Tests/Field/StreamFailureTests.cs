namespace FuncLimiter.Server.Tests.Field;

/// <summary>A stream that fails before it has content is begun elsewhere; one that fails later is told as broken.</summary>
[Collection(BodiesCases.Name)]
public sealed class StreamFailureTests(BodiesSetup setup)
{
    private const string Busy = """{"error":{"message":"busy","type":"server_error","code":"server_is_overloaded"}}""";
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(700);

    private FieldServer Server => setup.Server;

    [Fact]
    public Task Error_AfterTheMessagesStart_IsFailedOver() => AssertFailedOverAsync(
        "stream-overloaded",
        FieldBodies.MessagePath,
        FieldBodies.Message,
        FieldAnswers.Event("""{"type":"message_start","message":{"id":"msg_A","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":9,"output_tokens":1}}}"""),
        Pause,
        FieldAnswers.Event("""{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"""));

    [Fact]
    public Task Error_AfterAComment_IsFailedOver() => AssertFailedOverAsync(
        "stream-comment",
        FieldBodies.ChatPath,
        FieldBodies.Chat,
        ": OPENROUTER PROCESSING\n\n",
        Pause,
        FieldAnswers.Data("""{"id":"cc_A","object":"chat.completion.chunk","created":1,"model":"m","choices":[],"error":{"code":429,"message":"Provider returned error"}}"""));

    [Fact]
    public Task Error_AfterThePromptsFilterResults_IsFailedOver() => AssertFailedOverAsync(
        "stream-filter",
        FieldBodies.ChatPath,
        FieldBodies.Chat,
        FieldAnswers.Data("""{"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[{"prompt_index":0,"content_filter_results":{}}]}"""),
        Pause,
        FieldAnswers.Data(Busy));

    [Fact]
    public Task Failure_OfAResponseInProgress_IsFailedOver() => AssertFailedOverAsync(
        "stream-response",
        FieldBodies.ResponsePath,
        (one, _) => FieldBodies.Response(one),
        Response("response.created", "in_progress", "null"),
        Pause,
        Response("response.in_progress", "in_progress", "null"),
        Pause,
        Response("response.failed", "failed", """{"code":"server_is_overloaded","message":"busy"}"""));

    [Fact]
    public async Task Error_AfterContent_IsPassedOn()
    {
        var one = Server["stream-content"];
        one.A.Answer = FieldAnswers.Stream(FieldAnswers.RoleChunk('A'), FieldAnswers.TextChunk('A', "half"), Pause, FieldAnswers.Data(Busy));

        var reply = await Server.PostAsync(one, FieldBodies.ChatPath, FieldBodies.Streamed(FieldBodies.Chat(one)));

        var half = reply.Text.IndexOf("half", StringComparison.Ordinal);
        Assert.True(half > 0 && reply.Text.IndexOf("\"error\"", half, StringComparison.Ordinal) > 0, reply.ToString());
        Assert.Single(one.A.Requests);
        Assert.Empty(one.B.Requests);
    }

    [Fact]
    public async Task Stream_WithoutItsEnd_IsToldAndCountedAsBroken()
    {
        var one = Server["stream-cut"];
        one.A.Answer = FieldAnswers.FirstThen(
            FieldAnswers.Stream(FieldAnswers.RoleChunk('A'), TimeSpan.FromMilliseconds(50), FieldAnswers.TextChunk('A', "half")), FieldAnswers.Whole());
        var body = FieldBodies.Streamed(FieldBodies.Chat(one));

        var broken = await Server.PostAsync(one, FieldBodies.ChatPath, body);

        Assert.Contains("half", broken.Text, StringComparison.Ordinal);
        Assert.True(!broken.IsWhole || broken.Text.Contains("\"error\"", StringComparison.Ordinal), broken.ToString());
        Assert.Equal((1, 0), await CountsAsync(one, 1));
        var whole = await Server.PostAsync(one, FieldBodies.ChatPath, body);
        Assert.True(whole.IsWhole && whole.Text.EndsWith("data: [DONE]\n\n", StringComparison.Ordinal), whole.ToString());
        Assert.Equal((2, 1), await CountsAsync(one, 2));
    }

    private static string Response(string type, string status, string error) => FieldAnswers.Event(
        $$$$"""{"type":"{{{{type}}}}","sequence_number":0,"response":{"id":"resp_A","object":"response","created_at":1,"status":"{{{{status}}}}","model":"m","error":{{{{error}}}},"usage":null,"output":[]}}""");

    private async Task<(long? Calls, long? Answered)> CountsAsync(FieldCase one, long calls)
    {
        var usage = await Server.UsageAsync(one, row => row["calls"]!.GetValue<long>() == calls);
        return (usage?["calls"]?.GetValue<long>(), usage?["answered"]?.GetValue<long>());
    }

    private async Task AssertFailedOverAsync(string name, string path, Func<FieldCase, string, string> body, params object[] steps)
    {
        var one = Server[name];
        one.A.Answer = FieldAnswers.Stream(steps);

        var reply = await Server.PostAsync(one, path, FieldBodies.Streamed(body(one, "Say hi.")));

        Assert.True(reply is { Status: 200, IsWhole: true }, reply.ToString());
        Assert.Contains("from B", reply.Text, StringComparison.Ordinal);
        foreach (var trace in (string[])["_A", "event: error", "\"error\":{", "response.failed"])
        {
            Assert.DoesNotContain(trace, reply.Text, StringComparison.Ordinal);
        }

        Assert.NotEmpty(one.A.Requests);
        Assert.Single(one.B.Requests);
    }
}
