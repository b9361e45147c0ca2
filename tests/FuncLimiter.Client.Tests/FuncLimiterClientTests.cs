using System.ClientModel;
using System.ClientModel.Primitives;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using OpenAI;

namespace FuncLimiter.Client.Tests;

/// <summary>The client against the running server, as an agent uses it.</summary>
public sealed class FuncLimiterClientTests : IClassFixture<FuncLimiterServer>, IDisposable
{
    private readonly FuncLimiterServer _server;
    private readonly HttpClient _http;
    private readonly FuncLimiterClient _limiter;

    public FuncLimiterClientTests(FuncLimiterServer server)
    {
        _server = server;
        _http = FuncLimiterHandler.CreateClient(server.Address, new() { Tags = new() { User = "Zoë", Workflow = "client-tests" } });
        _limiter = new FuncLimiterClient(_http);
    }

    public void Dispose() => _http.Dispose();

    [Fact]
    public async Task Reservation_IsGrantedAndSettledOnce()
    {
        var reservation = await _limiter.ReserveAsync(new(FuncLimiterServer.Wide) { InputTokens = 100, OutputTokens = 20 });

        Assert.Equal($"a/{FuncLimiterServer.Wide}", reservation.Deployment);
        Assert.Equal(_server.Upstream.BaseAddress.Authority, reservation.Endpoint.Authority);
        var settled = await _limiter.SettleAsync(reservation, new() { Usage = new(90, 10) });
        Assert.Equal("ok", settled.Reason);
        var again = await Assert.ThrowsAsync<FuncLimiterException>(() => _limiter.SettleAsync(reservation, new()));
        Assert.Equal((HttpStatusCode.NotFound, "unknown_reservation"), (again.Status, again.Code));
    }

    [Fact]
    public async Task Reservation_GivenBack_LeavesItsRoomToTheNext()
    {
        foreach (var _ in Enumerable.Range(0, 2))
        {
            var reservation = await _limiter.ReserveAsync(new(FuncLimiterServer.Tight) { InputTokens = 1, OutputTokens = 1, MaxWaitSeconds = 10 });
            await _limiter.ReleaseAsync(reservation);
        }
    }

    [Fact]
    public async Task Run_IsForeseen()
    {
        var foreseen = await _limiter.PreflightAsync(new([new(FuncLimiterServer.Wide) { Calls = 10, AtOnce = 2, InputTokens = 100, OutputTokens = 20 }]) { DeadlineSeconds = 600 });

        Assert.Equal(1200, foreseen.Tokens.Likely);
        Assert.True(foreseen.Seconds is { Low: > 0 } seconds && seconds.Low <= seconds.Likely && seconds.Likely <= seconds.High);
        Assert.Equal(1, foreseen.ChanceOfDeadline);
    }

    [Fact]
    public async Task Run_IsHeldToWhatIsForeseen_WhereThatIsAskedFor()
    {
        var plan = new PreflightRequest([new(FuncLimiterServer.Wide) { Calls = 10, InputTokens = 100, OutputTokens = 20, MaxOutputTokens = 20 }]);
        Preflight free, held;
        using (CallTags.Begin(new() { Run = "held-run" }))
        {
            free = await _limiter.PreflightAsync(plan);
            held = await _limiter.PreflightAsync(plan with { Hold = true });
        }

        Assert.Null(free.Held);
        Assert.EndsWith("/held-run", held.Held!.Budget, StringComparison.Ordinal);
        Assert.Contains("tokens", held.Held.Limit, StringComparison.Ordinal);
        var refused = await Assert.ThrowsAsync<FuncLimiterException>(() => _limiter.PreflightAsync(plan with { Hold = true }));
        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
    }

    [Fact]
    public async Task Reservation_ThatDoesNotFitInTime_IsRefusedWithATime()
    {
        await _limiter.ReserveAsync(new(FuncLimiterServer.Full) { InputTokens = 1, OutputTokens = 1 });

        var refused = await Assert.ThrowsAsync<FuncLimiterException>(
            () => _limiter.ReserveAsync(new(FuncLimiterServer.Full) { InputTokens = 1, OutputTokens = 1, MaxWaitSeconds = 0 }));

        Assert.Equal((HttpStatusCode.TooManyRequests, "rate_limit_exceeded"), (refused.Status, refused.Code));
        Assert.InRange(refused.RetryAfter!.Value, TimeSpan.FromSeconds(50), TimeSpan.FromSeconds(70));
    }

    [Fact]
    public async Task Job_IsFollowedToItsResult()
    {
        var seen = new List<JobProgress>();
        var job = await _limiter.SubmitAsync(new JobCall("/v1/chat/completions", Chat()) { Priority = CallPriority.Background, Step = "one" });

        var done = await _limiter.WaitForJobAsync(job.Id, new Seen(seen));

        Assert.Equal((JobState.Done, JobCallState.Succeeded, 200), (done.State, done.Result!.State, done.Result.Status));
        Assert.Equal("chat.completion", done.Result.Body!.Value.GetProperty("object").GetString());
        Assert.True(done.Result.Usage!.OutputTokens > 0);
        Assert.Equal(new JobProgress(1, 0, 0, 1, 0, 0, 0), seen[^1]);
    }

    [Fact]
    public async Task List_OfManyCalls_IsReadPageByPage()
    {
        var job = await _limiter.SubmitAsync([.. Enumerable.Range(0, 130).Select(_ => new JobCall("/v1/chat/completions", Chat()))]);

        var done = await _limiter.WaitForJobAsync(job.Id);
        var items = new List<JobItem>();
        await foreach (var item in _limiter.GetJobItemsAsync(done))
        {
            items.Add(item);
        }

        Assert.Equal(Enumerable.Range(0, 130), items.Select(item => item.Index));
        Assert.All(items, item => Assert.Equal(JobCallState.Succeeded, item.State));
    }

    [Fact]
    public async Task Job_HandedInTwiceUnderOneKey_IsOneJobAndCanBeGivenUp()
    {
        var call = new JobCall("/v1/chat/completions", Chat(FuncLimiterServer.Wide)) { DeadlineSeconds = 600 };
        var first = await _limiter.SubmitAsync(call, "client-tests-1");
        var second = await _limiter.SubmitAsync(call, "client-tests-1");
        await _limiter.WaitForJobAsync(first.Id);

        Assert.Equal(first.Id, second.Id);
        Assert.True((await _limiter.CancelJobAsync(first.Id)).HasEnded);
    }

    [Fact]
    public async Task Job_ThatMakesNoSense_IsRefusedInWords()
    {
        var refused = await Assert.ThrowsAsync<FuncLimiterException>(() => _limiter.SubmitAsync(new JobCall("/v1/nothing", Chat())));

        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        Assert.NotNull(refused.Code);
        Assert.Contains("path", refused.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task ChatClient_BehindFuncLimiter_SendsItsTags()
    {
        var chat = OpenAI(_http, new(_server.Address, "/v1")).AsBuilder().UseFuncLimiterTags(new() { Step = "tagged" }).Build();

        var answer = await chat.GetResponseAsync("Say hello.");
        var streamed = await chat.GetStreamingResponseAsync("Say hello.").ToChatResponseAsync();

        Assert.NotEmpty(answer.Text);
        Assert.NotEmpty(streamed.Text);
        Assert.Equal(2, await Calls("step", "tagged"));
        Assert.True(await Calls("user", "Zoë") >= 2);
    }

    [Fact]
    public async Task ChatClient_WithReservations_CallsTheProviderAndSettlesByItsUsage()
    {
        using var direct = new HttpClient();
        var chat = OpenAI(direct, new(_server.Upstream.BaseAddress, "/v1"), "sk-upstream-of-the-client-tests").AsBuilder()
            .UseFuncLimiterReservations(_limiter).Build();
        ChatResponse answer;
        using (CallTags.Begin(new() { Step = "reserved" }))
        {
            answer = await chat.GetResponseAsync("Say hello.", new() { MaxOutputTokens = 30 });
            await chat.GetStreamingResponseAsync("Say hello.", new() { MaxOutputTokens = 30 }).ToChatResponseAsync();
        }

        var used = Assert.Single(await Usage("step"), row => row.GetProperty("step").GetString() == "reserved");
        Assert.Equal(2, used.GetProperty("calls").GetInt32());
        Assert.True(used.GetProperty("outputTokens").GetInt64() >= answer.Usage!.OutputTokenCount);
    }

    [Fact]
    public async Task ChatClient_WithReservations_WhoseProviderRefuses_SettlesAndThrows()
    {
        using var direct = new HttpClient();
        var chat = OpenAI(direct, new(_server.Upstream.BaseAddress, "/v1"), "sk-nobodys").AsBuilder().UseFuncLimiterReservations(_limiter).Build();

        using (CallTags.Begin(new() { Step = "refused" }))
        {
            var refusal = await Assert.ThrowsAsync<ClientResultException>(() => chat.GetResponseAsync("Say hello."));
            Assert.Equal(401, refusal.Status);
        }

        var used = Assert.Single(await Usage("step"), row => row.GetProperty("step").GetString() == "refused");
        Assert.Equal(0, used.GetProperty("answered").GetInt32());
    }

    private static IChatClient OpenAI(HttpClient http, Uri endpoint, string key = "any") =>
        new OpenAIClient(new ApiKeyCredential(key), new() { Endpoint = endpoint, Transport = new HttpClientPipelineTransport(http), RetryPolicy = new ClientRetryPolicy(0) })
            .GetChatClient(FuncLimiterServer.Wide).AsIChatClient();

    private static JsonObject Chat(string model = FuncLimiterServer.Wide) => new()
    {
        ["model"] = model,
        ["max_tokens"] = 20,
        ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "Say hello." }),
    };

    private async Task<int> Calls(string by, string name) =>
        (await Usage(by)).Where(row => row.GetProperty(by).GetString() == name).Sum(row => row.GetProperty("calls").GetInt32());

    // A call enters the ledger when it has ended, a moment after its answer.
    private async Task<JsonElement[]> Usage(string by)
    {
        await Task.Delay(500);
        var usage = JsonDocument.Parse(await _http.GetStringAsync(new Uri($"usage?by={by}", UriKind.Relative)));
        return [.. usage.RootElement.GetProperty("rows").EnumerateArray()];
    }

    private sealed class Seen(List<JobProgress> seen) : IProgress<JobProgress>
    {
        public void Report(JobProgress value) => seen.Add(value);
    }
}
