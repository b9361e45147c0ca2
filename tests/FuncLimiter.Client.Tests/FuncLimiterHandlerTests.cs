using System.Net;
using System.Text;
using FuncLimiter.Gateway.Tests;

namespace FuncLimiter.Client.Tests;

/// <summary>What the handler sends and how it takes answers, on a clock of the tests' own.</summary>
public sealed class FuncLimiterHandlerTests : IDisposable
{
    private readonly VirtualTime _time = new();
    private readonly Answers _answers = new();

    public void Dispose() => _answers.Dispose();

    [Fact]
    public async Task Call_IsSentWithItsTags()
    {
        using var client = Client(new() { Tags = new() { Priority = CallPriority.Background, Workflow = "nightly" } });
        using (CallTags.Begin(new() { User = "Zoë", Run = "7", MaxWait = TimeSpan.FromSeconds(2.2) }))
        using (CallTags.Begin(new() { Priority = CallPriority.Interactive, Step = "plan" }))
        {
            await client.GetAsync(new Uri("v1/models", UriKind.Relative));
        }

        Assert.Equal(
            ["Prefer: wait=3", "X-Priority: interactive", "X-Run: 7", "X-Step: plan", "X-User: Zoë", "X-Workflow: nightly"],
            Assert.Single(_answers.Sent).Headers);
    }

    [Fact]
    public async Task Call_AfterAScope_HasItsTagsNoMore()
    {
        using var client = Client(new());
        using (CallTags.Begin(new() { User = "ann" }))
        {
        }

        await client.GetAsync(new Uri("v1/models", UriKind.Relative));

        Assert.Empty(Assert.Single(_answers.Sent).Headers);
    }

    [Fact]
    public async Task Header_ThatTheRequestHasAlready_Stands()
    {
        using var client = Client(new() { Tags = new() { Priority = CallPriority.Background } });
        using var request = new HttpRequestMessage(HttpMethod.Get, "v1/models") { Headers = { { "X-Priority", "standard" } } };

        await client.SendAsync(request);

        Assert.Equal(["X-Priority: standard"], Assert.Single(_answers.Sent).Headers);
    }

    [Theory]
    [InlineData(429, "retry-after-ms", "2500", 2500)]
    [InlineData(503, "Retry-After", "3", 3000)]
    [InlineData(429, "Retry-After", "Thu, 01 Jan 2026 00:00:05 GMT", 5000)]
    public async Task Refusal_WithATime_IsAskedAgainAtThatTimeAndNoSooner(int status, string header, string value, int milliseconds)
    {
        _answers.Add(status, (header, value));
        using var client = Client(new());

        var answer = client.PostAsync(new Uri("v1/chat/completions", UriKind.Relative), new StringContent("the body", Encoding.UTF8));
        await AdvanceAsync(TimeSpan.FromMilliseconds(milliseconds - 1));
        Assert.Single(_answers.Sent);
        await AdvanceAsync(TimeSpan.FromMilliseconds(1));

        Assert.Equal(HttpStatusCode.OK, (await answer).StatusCode);
        Assert.Equal(["the body", "the body"], _answers.Sent.Select(sent => sent.Body));
    }

    [Fact]
    public async Task Refusal_WithoutATime_IsAskedAgainAfterABackoffThatGrows()
    {
        _answers.Add(429);
        _answers.Add(429);
        using var client = Client(new());

        var answer = client.GetAsync(new Uri("v1/models", UriKind.Relative));
        await AdvanceAsync(TimeSpan.FromSeconds(0.49));
        Assert.Single(_answers.Sent);
        await AdvanceAsync(TimeSpan.FromSeconds(0.51));
        Assert.Equal(2, _answers.Sent.Count);
        await AdvanceAsync(TimeSpan.FromSeconds(2));

        Assert.Equal(HttpStatusCode.OK, (await answer).StatusCode);
        Assert.Equal(3, _answers.Sent.Count);
    }

    [Theory]
    [InlineData(429, "x-should-retry", "false")]
    [InlineData(429, "Retry-After", "61")]
    [InlineData(413, "retry-after-ms", "1")]
    [InlineData(500, "retry-after-ms", "1")]
    public async Task Answer_ThatNoRetryCanHelp_IsHandedToTheCallerAtOnce(int status, string header, string value)
    {
        _answers.Add(status, (header, value));
        using var client = Client(new());

        var answer = await client.GetAsync(new Uri("v1/models", UriKind.Relative));

        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Single(_answers.Sent);
    }

    [Fact]
    public async Task Retries_WhenSpent_HandTheLastAnswerToTheCaller()
    {
        for (var i = 0; i < 3; i++)
        {
            _answers.Add(429, ("retry-after-ms", "0"));
        }

        using var client = Client(new() { MaxRetries = 1 });

        Assert.Equal(HttpStatusCode.TooManyRequests, (await client.GetAsync(new Uri("v1/models", UriKind.Relative))).StatusCode);
        Assert.Equal(2, _answers.Sent.Count);
    }

    [Fact]
    public async Task Pressure_IsThatOfTheLastAnswer_UntilNothingWasHeardForAWhile()
    {
        var handler = new FuncLimiterHandler(new() { Time = _time }, _answers);
        using var client = new HttpClient(handler) { BaseAddress = new("http://127.0.0.1") };
        _answers.Add(200, ("X-FuncLimiter-Pressure", "act"));
        await client.GetAsync(new Uri("v1/models", UriKind.Relative));

        Assert.Equal(PressureLevel.Act, handler.Pressure.Level);
        var calm = handler.Pressure.WaitWhileAsync(PressureLevel.Act);
        Assert.False(calm.IsCompleted);
        await AdvanceAsync(PressureGauge.Holds);
        await calm;

        Assert.Equal(PressureLevel.Normal, handler.Pressure.Level);
    }

    [Fact]
    public async Task Wait_ForPressureToPass_EndsWithTheAnswerThatSaysSo()
    {
        var handler = new FuncLimiterHandler(new() { Time = _time }, _answers);
        using var client = new HttpClient(handler) { BaseAddress = new("http://127.0.0.1") };
        _answers.Add(200, ("X-FuncLimiter-Pressure", "act"));
        _answers.Add(200, ("X-FuncLimiter-Pressure", "warn"));
        await client.GetAsync(new Uri("v1/models", UriKind.Relative));
        var calm = handler.Pressure.WaitWhileAsync(PressureLevel.Act);

        await client.GetAsync(new Uri("v1/models", UriKind.Relative));

        await calm.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(PressureLevel.Warn, handler.Pressure.Level);
    }

    private HttpClient Client(FuncLimiterHandlerOptions options) =>
        new(new FuncLimiterHandler(options with { Time = _time }, _answers)) { BaseAddress = new("http://127.0.0.1") };

    // What a timer set off runs on other threads: they get their turn before and after the clock moves.
    private async Task AdvanceAsync(TimeSpan by)
    {
        await Task.Delay(100);
        _time.Advance(by);
        await Task.Delay(100);
    }

    private sealed class Answers : HttpMessageHandler
    {
        private static readonly string[] Own = ["Prefer", "X-Priority", "X-Run", "X-Step", "X-User", "X-Workflow"];
        private readonly Queue<(int Status, (string Name, string Value)[] Headers)> _next = new();

        public List<(string[] Headers, string Body)> Sent { get; } = [];

        public void Add(int status, params (string Name, string Value)[] headers) => _next.Enqueue((status, headers));

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var headers = Own.Where(request.Headers.Contains).Select(name => $"{name}: {string.Join(", ", request.Headers.GetValues(name))}");
            Sent.Add(([.. headers], request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken)));
            var (status, told) = _next.TryDequeue(out var next) ? next : (200, []);
            var answer = new HttpResponseMessage((HttpStatusCode)status);
            foreach (var (name, value) in told)
            {
                answer.Headers.TryAddWithoutValidation(name, value);
            }

            return answer;
        }
    }
}
