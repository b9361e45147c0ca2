using System.Net;
using System.Text;
using FuncLimiter.Providers.Batches;
using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Providers.Tests.Batches;

/// <summary>Examples of "Batch API", OpenAI API documentation, and of "Azure OpenAI batch deployments", Microsoft Learn.</summary>
public class OpenAIBatchesTests
{
    private const string Batch =
        """
        {"id":"batch_abc123","object":"batch","endpoint":"/v1/chat/completions","errors":null,"input_file_id":"file-abc123","completion_window":"24h",
        "status":"completed","output_file_id":"file-cvaTdG","error_file_id":"file-HOWS94","created_at":1711471533,"request_counts":{"total":2,"completed":1,"failed":1},
        "metadata":{"funclimiter_batch":"batch_1"}}
        """;

    private static readonly BatchCall[] Calls =
    [
        new(0, "{\"model\":\"gpt-x\",\r\n \"messages\":[]}"u8.ToArray()),
        new(7, """{"model":"gpt-x","n":1}"""u8.ToArray()),
    ];

    private static ProviderBatches Service => ProviderBatches.Of("openai")!;

    [Fact]
    public async Task Submit_UploadsOneLineForEachCall_AndMakesANamedBatch()
    {
        var script = new ScriptedService(("POST /v1/files", """{"id":"file-1","object":"file","purpose":"batch"}"""), ("POST /v1/batches", Batch));

        var made = await Service.SubmitAsync(script.Account("https://api.openai.com", "gpt-x"), "batch_1", Operation.ChatCompletions, Calls, default);

        Assert.Equal("batch_abc123", made.Id);
        Assert.Contains(
            """
            {"custom_id":"call-0","method":"POST","url":"/v1/chat/completions","body":{"model":"gpt-x","messages":[]}}
            {"custom_id":"call-7","method":"POST","url":"/v1/chat/completions","body":{"model":"gpt-x","n":1}}
            """.ReplaceLineEndings("\n"),
            script.Bodies[0], StringComparison.Ordinal);
        Assert.Contains("name=purpose", script.Bodies[0], StringComparison.Ordinal);
        Assert.Equal(
            """{"input_file_id":"file-1","endpoint":"/v1/chat/completions","completion_window":"24h","metadata":{"funclimiter_batch":"batch_1"}}""", script.Bodies[1]);
        Assert.All(script.Requests, request => Assert.Equal("Bearer secret", request.Headers.Authorization!.ToString()));
    }

    [Fact]
    public async Task Submit_AtAzure_GoesToTheNewerApiWithItsKey()
    {
        var script = new ScriptedService(("POST /openai/v1/files", """{"id":"file-1"}"""), ("POST /openai/v1/batches", """{"id":"batch_2"}"""));

        var made = await ProviderBatches.Of("azure-openai")!.SubmitAsync(
            script.Account("https://contoso.openai.azure.com", "gpt-z"), "batch_1", Operation.ChatCompletions, Calls, default);

        Assert.Equal("batch_2", made.Id);
        Assert.All(script.Requests, request => Assert.Equal("secret", request.Headers.GetValues("api-key").Single()));
    }

    [Theory]
    [InlineData("failed", "token_limit_exceeded", true)]
    [InlineData("failed", "invalid_json_line", false)]
    [InlineData("completed", "token_limit_exceeded", false)]
    public async Task Batch_ThatFailedForAFullQueue_IsToBeMadeAgain(string status, string code, bool isFull)
    {
        var script = new ScriptedService(("GET /v1/batches/batch_1", $$$"""{"id":"batch_1","status":"{{{status}}}","errors":{"object":"list","data":[{"code":"{{{code}}}","message":"Enqueued token limit reached."}]}}"""));

        Assert.Equal(isFull, await Service.WasFullAsync(script.Account("https://api.openai.com", "gpt-x"), "batch_1", default));
    }

    [Fact]
    public async Task Submit_ToAFullQueue_IsForLater()
    {
        var script = new ScriptedService(("POST /v1/files", """{"error":{"message":"Enqueued token limit reached.","code":"token_limit_exceeded"}}""")) { Status = HttpStatusCode.BadRequest };

        Assert.True((await Service.SubmitAsync(script.Account("https://api.openai.com", "gpt-x"), "batch_1", Operation.ChatCompletions, Calls, default)).IsFull);
    }

    [Theory]
    [InlineData(HttpStatusCode.TooManyRequests, true)]
    [InlineData(HttpStatusCode.BadRequest, false)]
    [InlineData(HttpStatusCode.Forbidden, false)]
    public async Task Submit_ThatIsRefused_SaysWhetherLaterHelps(HttpStatusCode status, bool isFull)
    {
        var script = new ScriptedService(("POST /v1/files", """{"error":{"message":"no","type":"x"}}""")) { Status = status };

        var made = await Service.SubmitAsync(script.Account("https://api.openai.com", "gpt-x"), "batch_1", Operation.ChatCompletions, Calls, default);

        Assert.Equal((null, isFull), (made.Id, made.IsFull));
    }

    [Fact]
    public async Task Submit_ThatMeetsTrouble_Throws()
    {
        var script = new ScriptedService(("POST /v1/files", "")) { Status = HttpStatusCode.BadGateway };

        await Assert.ThrowsAsync<HttpRequestException>(
            () => Service.SubmitAsync(script.Account("https://api.openai.com", "gpt-x"), "batch_1", Operation.ChatCompletions, Calls, default));
    }

    [Fact]
    public async Task Find_GoesThroughThePages()
    {
        var script = new ScriptedService(
            ("GET /v1/batches?limit=100", """{"object":"list","data":[{"id":"a","metadata":null}],"has_more":true}"""),
            ("GET /v1/batches?limit=100&after=a", $"{{\"object\":\"list\",\"data\":[{Batch}],\"has_more\":false}}"));

        Assert.Equal("batch_abc123", await Service.FindAsync(script.Account("https://api.openai.com", "gpt-x"), "batch_1", default));
    }

    [Theory]
    [InlineData("validating", false)]
    [InlineData("in_progress", false)]
    [InlineData("finalizing", false)]
    [InlineData("cancelling", false)]
    [InlineData("completed", true)]
    [InlineData("failed", true)]
    [InlineData("expired", true)]
    [InlineData("cancelled", true)]
    public async Task IsOver_KnowsTheStates(string status, bool isOver)
    {
        var script = new ScriptedService(("GET /v1/batches/b", $"{{\"id\":\"b\",\"status\":\"{status}\"}}"));

        Assert.Equal(isOver, await Service.IsOverAsync(script.Account("https://api.openai.com", "gpt-x"), "b", default));
    }

    [Fact]
    public async Task Fetch_ReadsTheOutputInAnyOrder_AndPassesOverWhatIsBroken()
    {
        var script = new ScriptedService(("GET /v1/batches/b", Batch), ("GET /v1/files/file-cvaTdG/content",
            """
            {"id":"batch_req_123","custom_id":"call-7","response":{"status_code":200,"request_id":"req_123","body":{"id":"chatcmpl-123","usage":{"prompt_tokens":22,"completion_tokens":2}}},"error":null}
            {"id":"batch_req_456","custom_id":"call-0","response":{"status_code":200,"request_id":"req_789","body":{"id":"chatcmpl-789"}},"error":null}
            {"id":"batch_req_457","custom_id":"call-1","response":null,"error":{"code":"batch_expired","message":"This request could not be executed."}}
            {"custom_id":"call-2","resp
            """));

        var answers = new List<BatchAnswer>();
        await foreach (var answer in Service.FetchAsync(script.Account("https://api.openai.com", "gpt-x"), "b", default))
        {
            answers.Add(answer);
        }

        Assert.Equal([(7, 200), (0, 200)], answers.Select(answer => (answer.Place, answer.Status)));
        Assert.Equal("""{"id":"chatcmpl-789"}""", Encoding.UTF8.GetString(answers[1].Body.Span));
    }

    [Fact]
    public async Task Fetch_OfABatchThatFailed_IsEmpty()
    {
        var script = new ScriptedService(("GET /v1/batches/b",
            """{"id":"b","status":"failed","output_file_id":null,"errors":{"object":"list","data":[{"code":"token_limit_exceeded","message":"Enqueued token limit reached."}]}}"""));

        await foreach (var answer in Service.FetchAsync(script.Account("https://api.openai.com", "gpt-x"), "b", default))
        {
            Assert.Fail($"{answer} was answered by nobody.");
        }
    }
}
