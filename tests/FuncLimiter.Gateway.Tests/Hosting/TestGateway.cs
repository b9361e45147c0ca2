using System.Collections.Concurrent;
using System.Net;
using System.Text;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Http;
using FuncLimiter.Gateway.Operations;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Gateway.Tests.Hosting;

/// <summary>The gateway on loopback, in front of a fake provider and on a fake limiter, or a real one.</summary>
internal sealed class TestGateway : IAsyncDisposable
{
    private readonly WebApplication _app;

    private TestGateway(WebApplication app, FakeProvider provider, FakeLimiter limiter, UsageRecords usage)
    {
        _app = app;
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

    /// <summary>What is mapped, but for the path that takes all others.</summary>
    public IEnumerable<(string Method, string Path)> Routes => _app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        .Where(route => route.Metadata.GetMetadata<IHttpMethodMetadata>() is not null)
        .SelectMany(route => route.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods.Select(method => (method, route.RoutePattern.RawText!)));

    public ICallExecutor Executor => _app.Services.GetRequiredService<ICallExecutor>();

    public static async Task<TestGateway> StartAsync(
        Func<Uri, GatewayConfiguration>? configuration = null,
        GatewayOptions? options = null,
        TimeProvider? time = null,
        Func<GatewayConfiguration, ILimiter>? realLimiter = null,
        bool keepsUsage = false,
        bool takesSockets = false)
    {
        var provider = await FakeProvider.StartAsync();
        var (limiter, usage) = (new FakeLimiter(), new UsageRecords());
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddSingleton(time ?? TimeProvider.System);
        var configured = (configuration ?? Samples.Open)(provider.Address);
        if (time is HastyTime)
        {
            // Or a busy machine makes them within a tenth of a second.
            configured = configured with { Queue = configured.Queue with { CommentEvery = TimeSpan.Zero } };
        }

        builder.Services.AddSingleton(realLimiter?.Invoke(configured) ?? limiter);
        if (!keepsUsage)
        {
            builder.Services.AddSingleton<IUsageSink>(usage);
        }

        builder.Services.AddFuncLimiter(configured, options);
        var app = builder.Build();
        if (takesSockets)
        {
            app.UseWebSockets();
        }

        app.UseClientPaths();
        app.UseRouting();
        app.MapFuncLimiter();
        await app.StartAsync();
        return new TestGateway(app, provider, limiter, usage);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
        await Provider.DisposeAsync();
    }

    /// <summary>Has the limiter looked at now, as happens every second.</summary>
    public void Look() => _app.Services.GetRequiredService<Watch>().Look();

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
