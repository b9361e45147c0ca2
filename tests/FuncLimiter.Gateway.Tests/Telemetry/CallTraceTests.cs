using System.Collections.Concurrent;
using System.Diagnostics;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Tests.Hosting;

namespace FuncLimiter.Gateway.Tests.Telemetry;

public class CallTraceTests
{
    private const string TraceId = "0af7651916cd43dd8448eb211c80319c";
    private const string Parent = $"00-{TraceId}-b7ad6b7169203331-01";

    [Fact]
    public async Task Call_IsATraceFromIntakeToSettlement_WithTheWaitAndEachAttemptInIt()
    {
        using var spans = new Spans();
        await using var gateway = await TestGateway.StartAsync();
        gateway.Provider.AnswerInTurn(
            context => FakeProvider.WriteAsync(context, 500, "{}"), context => FakeProvider.WriteAsync(context, 200, Samples.ChatAnswer));

        using (await gateway.PostAsync("/v1/chat/completions", Samples.Chat, ("traceparent", Parent), ("X-Run", "run-7")))
        {
            await gateway.Usage.SingleAsync();
        }

        var call = spans.Of(TraceId).Single(span => span.Kind == ActivityKind.Server);
        Assert.Equal("b7ad6b7169203331", call.ParentSpanId.ToHexString());
        Assert.Equal("run-7", call.GetTagItem("funclimiter.run"));
        Assert.Equal(11L, call.GetTagItem("gen_ai.usage.input_tokens"));
        var inside = spans.Of(TraceId).Where(span => span.ParentSpanId == call.SpanId).OrderBy(span => span.StartTimeUtc).ToArray();
        Assert.Equal(["wait", "chat gpt-x", "wait", "chat gpt-x"], inside.Select(span => span.DisplayName));
        Assert.Equal("transient_failure", inside[1].GetTagItem("error.type"));
        Assert.Equal(7L, inside[3].GetTagItem("gen_ai.usage.output_tokens"));
    }

    [Fact]
    public async Task Provider_IsHandedTheAttemptsSpanAsParent_InTheCallersTrace()
    {
        using var spans = new Spans();
        await using var gateway = await TestGateway.StartAsync();
        gateway.Provider.AnswerWith(200, Samples.ChatAnswer);

        using (await gateway.PostAsync("/v1/chat/completions", Samples.Chat, ("traceparent", Parent), ("tracestate", "vendor=1")))
        {
            await gateway.Usage.SingleAsync();
        }

        var attempt = spans.Of(TraceId).Single(span => span.Kind == ActivityKind.Client);
        var request = Assert.Single(gateway.Provider.Requests);
        Assert.Equal(attempt.Id, request.Headers["traceparent"]);
        Assert.Equal("vendor=1", request.Headers["tracestate"]);
    }

    private sealed class Spans : IDisposable
    {
        private readonly ConcurrentQueue<Activity> _ended = new();
        private readonly ActivityListener _listener;

        public Spans()
        {
            _listener = new ActivityListener
            {
                ShouldListenTo = source => source.Name == MetricNames.Source,
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
                ActivityStopped = _ended.Enqueue,
            };
            ActivitySource.AddActivityListener(_listener);
        }

        // Other tests run at the same time: a trace's own id tells whose a span is.
        public IEnumerable<Activity> Of(string trace) => _ended.Where(span => span.TraceId.ToHexString() == trace);

        public void Dispose() => _listener.Dispose();
    }
}
