using System.Net;
using System.Text;
using FuncLimiter.Providers.Batches;

namespace FuncLimiter.Providers.Tests.Batches;

/// <summary>A batch service that answers as its public documentation shows, and keeps what it was asked.</summary>
internal sealed class ScriptedService(params (string Request, string Answer)[] script) : HttpMessageHandler
{
    private int _next;

    public HttpStatusCode Status { get; init; } = HttpStatusCode.OK;

    public List<string> Bodies { get; } = [];

    public List<HttpRequestMessage> Requests { get; } = [];

    public BatchAccount Account(string endpoint, string model) =>
        new(new ProviderTarget(new Uri(endpoint), "secret", model, null), new HttpMessageInvoker(this, disposeHandler: false));

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Requests.Add(request);
        Bodies.Add(request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken));
        var (expected, answer) = script[_next++];
        Assert.Equal(expected, $"{request.Method} {request.RequestUri!.PathAndQuery}");
        return new HttpResponseMessage(Status) { Content = new StringContent(answer, Encoding.UTF8, "application/json") };
    }
}
