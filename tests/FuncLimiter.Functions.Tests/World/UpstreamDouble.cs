using System.Net;
using System.Net.Http.Headers;
using System.Text;
using FuncLimiter.Functions.Tests.Harness;

namespace FuncLimiter.Functions.Tests.World;

/// <summary>A provider that answers every call after a while, shared by all processes.</summary>
internal sealed class UpstreamDouble
{
    private static readonly byte[] Answer = Encoding.UTF8.GetBytes(
        """{"id":"c","object":"chat.completion","model":"gpt-x","choices":[],"usage":{"prompt_tokens":5,"completion_tokens":5,"total_tokens":10}}""");

    /// <summary>When each call came.</summary>
    public List<DateTimeOffset> Calls { get; } = [];

    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>What its API of limits answers; null where it has none.</summary>
    public Func<HttpRequestMessage, (HttpStatusCode Status, string Body)>? Limits { get; set; }

    /// <summary>The provider as one process reaches it.</summary>
    public HttpMessageHandler For(Worker worker, SimulatedTime time) => new Handler(this, worker, time);

    private sealed class Handler(UpstreamDouble upstream, Worker worker, SimulatedTime time) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await worker.Living();
            if (upstream.Limits is { } limits && request.Method == HttpMethod.Get)
            {
                var (status, body) = limits(request);
                return new HttpResponseMessage(status) { Content = new StringContent(body), RequestMessage = request };
            }

            upstream.Calls.Add(time.GetUtcNow());
            await Task.Delay(upstream.Duration, time, cancellationToken);
            await worker.Living();
            return new HttpResponseMessage(HttpStatusCode.OK)
            {
                Content = new ByteArrayContent(Answer) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } },
                RequestMessage = request,
            };
        }
    }
}
