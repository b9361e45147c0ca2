using System.Net;
using System.Text;
using FuncLimiter.Functions.Batches;
using FuncLimiter.Functions.Tests.World;
using FuncLimiter.Gateway.Routes;

namespace FuncLimiter.Functions.Tests.Jobs;

public class OpenAIBatchesTests
{
    [Fact]
    public async Task Submit_UploadsTheCallsAndMakesABatchThatCarriesTheJob()
    {
        var service = new Service(
            ("POST /v1/files", """{"id":"file-1"}"""),
            ("POST /v1/batches", """{"id":"batch-1"}"""));

        var batch = await service.Batches.SubmitAsync(
            Deployment(), "job_1", [new BatchCall(7, "/v1/chat/completions", Encoding.UTF8.GetBytes("""{"model":"smart","n":1}"""))], CancellationToken.None);

        Assert.Equal("batch-1", batch);
        Assert.Contains("""{"custom_id":"7","method":"POST","url":"/v1/chat/completions","body":{"model":"gpt-x","n":1}}""", service.Bodies[0], StringComparison.Ordinal);
        Assert.Contains("name=purpose", service.Bodies[0], StringComparison.Ordinal);
        Assert.Equal(
            """{"input_file_id":"file-1","endpoint":"/v1/chat/completions","completion_window":"24h","metadata":{"funclimiter_job":"job_1"}}""", service.Bodies[1]);
        Assert.All(service.Keys, key => Assert.Equal("Bearer secret", key));
    }

    [Theory]
    [InlineData(HttpStatusCode.BadRequest)]
    [InlineData(HttpStatusCode.Forbidden)]
    public async Task Submit_ThatIsRefused_IsNoBatch(HttpStatusCode status)
    {
        var service = new Service(("POST /v1/files", "{}")) { Status = status };

        Assert.Null(await service.Batches.SubmitAsync(Deployment(), "job_1", [new BatchCall(0, "/v1/embeddings", "{}"u8.ToArray())], CancellationToken.None));
    }

    [Fact]
    public async Task Submit_ThatMeetsTrouble_IsTriedAgainByTheOrchestration()
    {
        var service = new Service(("POST /v1/files", "{}")) { Status = HttpStatusCode.BadGateway };

        await Assert.ThrowsAsync<HttpRequestException>(
            () => service.Batches.SubmitAsync(Deployment(), "job_1", [new BatchCall(0, "/v1/embeddings", "{}"u8.ToArray())], CancellationToken.None));
    }

    [Fact]
    public async Task Find_KnowsABatchByItsJob()
    {
        var service = new Service(("GET /v1/batches?limit=100", """{"data":[{"id":"a","metadata":null},{"id":"b","metadata":{"funclimiter_job":"job_1"}}]}"""));

        Assert.Equal("b", await service.Batches.FindAsync(Deployment(), "job_1", CancellationToken.None));
        Assert.Null(await service.Batches.FindAsync(Deployment(), "job_2", CancellationToken.None));
    }

    [Theory]
    [InlineData("in_progress", false)]
    [InlineData("completed", true)]
    [InlineData("expired", true)]
    public async Task IsOver_FollowsTheStatus(string status, bool isOver)
    {
        var service = new Service(("GET /v1/batches/b", $$"""{"status":"{{status}}"}"""));

        Assert.Equal(isOver, await service.Batches.IsOverAsync(Deployment(), "b", CancellationToken.None));
    }

    [Fact]
    public async Task Fetch_ReadsEveryAnswerWithItsUsage()
    {
        var service = new Service(
            ("GET /v1/batches/b", """{"output_file_id":"file-2"}"""),
            ("GET /v1/files/file-2/content",
                """
                {"custom_id":"3","response":{"status_code":200,"body":{"usage":{"prompt_tokens":5,"completion_tokens":2}}}}
                {"custom_id":"x","response":null}
                {"custom_id":"1","response":{"status_code":429,"body":{"error":{}}}}

                """));

        var answers = new List<BatchAnswer>();
        await foreach (var answer in service.Batches.FetchAsync(Deployment(), "b", CancellationToken.None))
        {
            answers.Add(answer);
        }

        Assert.Equal([(3, 200, 5L, 2L), (1, 429, -1, -1)],
            answers.Select(answer => (answer.Index, answer.Status, answer.Usage?.InputTokens ?? -1, answer.Usage?.OutputTokens ?? -1)));
    }

    private static Deployment Deployment()
    {
        Deployment? found = null;
        AppWorld.Run(world =>
        {
            found = world.Get<RouteTable>().Routes.First(route => route.Name == "gpt-x").Deployments[0];
            return Task.CompletedTask;
        });
        return found!;
    }

    private sealed class Service(params (string Request, string Answer)[] script) : HttpMessageHandler
    {
        public HttpStatusCode Status { get; init; } = HttpStatusCode.OK;

        public List<string> Bodies { get; } = [];

        public List<string> Keys { get; } = [];

        public OpenAIBatches Batches => new(new HttpClient(this, disposeHandler: false));

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Keys.Add(request.Headers.Authorization!.ToString());
            Bodies.Add(request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken));
            var (_, answer) = script.Single(entry => entry.Request == $"{request.Method} {request.RequestUri!.PathAndQuery}");
            return new HttpResponseMessage(Status) { Content = new StringContent(answer) };
        }
    }
}
