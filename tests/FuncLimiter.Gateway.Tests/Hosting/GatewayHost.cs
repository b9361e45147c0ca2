using System.Collections.Concurrent;
using System.Net;
using System.Text;
using FuncLimiter.Gateway.Calls;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Gateway.Tests.Hosting;

/// <summary>The gateway on loopback, whatever hosts it, in front of a fake provider.</summary>
internal abstract class GatewayHost : IAsyncDisposable
{
    protected GatewayHost(WebApplication app, FakeProvider provider, FakeLimiter limiter, UsageRecords usage)
    {
        App = app;
        Provider = provider;
        Limiter = limiter;
        Usage = usage;
        var server = app.Services.GetRequiredService<IServer>();
        Client = new HttpClient(new SocketsHttpHandler { Expect100ContinueTimeout = TimeSpan.FromSeconds(30) })
        {
            BaseAddress = new Uri(server.Features.Get<IServerAddressesFeature>()!.Addresses.Single()),
        };
    }

    public FakeProvider Provider { get; }

    public FakeLimiter Limiter { get; }

    public UsageRecords Usage { get; }

    public HttpClient Client { get; }

    public ICallExecutor Executor => App.Services.GetRequiredService<ICallExecutor>();

    protected WebApplication App { get; }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await App.DisposeAsync();
        await Provider.DisposeAsync();
    }

    /// <summary>Posts a body as JSON, and returns as soon as the answer's headers are there.</summary>
    public Task<HttpResponseMessage> PostAsync(string path, string body, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Post, path, new StringContent(body, Encoding.UTF8, "application/json"), CancellationToken.None, headers);

    public Task<HttpResponseMessage> GetAsync(string path, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Get, path, null, CancellationToken.None, headers);

    public Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string path, HttpContent? content, CancellationToken cancellationToken, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(method, path) { Content = content };
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    /// <summary>A host on a port that the system chooses, which says nothing.</summary>
    protected static WebApplicationBuilder Builder(TimeProvider? time)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddSingleton(time ?? TimeProvider.System);
        return builder;
    }
}

/// <summary>Keeps what finished calls reported.</summary>
internal sealed class UsageRecords : IUsageSink
{
    private readonly ConcurrentQueue<UsageRecord> _records = new();

    public IReadOnlyList<UsageRecord> All => [.. _records];

    public void Record(UsageRecord record) => _records.Enqueue(record);

    /// <summary>Waits for the record of a call whose caller may be gone already.</summary>
    public async Task<UsageRecord> SingleAsync()
    {
        for (var attempt = 0; _records.IsEmpty && attempt < 500; attempt++)
        {
            await Task.Delay(10);
        }

        return Assert.Single(_records);
    }
}
