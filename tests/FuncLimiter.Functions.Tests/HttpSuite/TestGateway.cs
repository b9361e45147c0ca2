using System.Collections.Concurrent;
using System.Net;
using System.Reflection;
using System.Text;
using Azure.Core;
using FuncLimiter.Functions.Leasing;
using FuncLimiter.Functions.Tests.Harness;
using FuncLimiter.Functions.Triggers;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Abstractions;
using Microsoft.AspNetCore.Routing;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Gateway.Tests.Hosting;

/// <summary>The app's HTTP functions on loopback, routed by their attributes as the Functions host routes them, in front of a fake provider.</summary>
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

    public ICallExecutor Executor => _app.Services.GetRequiredService<ICallExecutor>();

    public static async Task<TestGateway> StartAsync(
        Func<Uri, GatewayConfiguration>? configuration = null,
        GatewayOptions? options = null,
        TimeProvider? time = null,
        Func<GatewayConfiguration, ILimiter>? realLimiter = null)
    {
        var provider = await FakeProvider.StartAsync();
        var (limiter, usage) = (new FakeLimiter(), new UsageRecords());
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddSingleton(time ?? TimeProvider.System);
        var configured = (configuration ?? Samples.Open)(provider.Address);
        builder.Services.AddSingleton(realLimiter?.Invoke(configured) ?? limiter);
        builder.Services.AddSingleton<IUsageSink>(usage);
        builder.Services.AddSingleton<DurableClientSource>();
        builder.Services.AddSingleton<TokenCredential>(new KnownToken());
        builder.Services.AddFuncLimiter(configured, options);
        builder.Services.AddSingleton<HttpSurface>();
        var app = builder.Build();
        Map(app);
        await app.StartAsync();
        return new TestGateway(app, provider, limiter, usage);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
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

    private static void Map(WebApplication app)
    {
        foreach (var function in FunctionTable.All.Values)
        {
            if (FunctionTable.Trigger<HttpTriggerAttribute>(function) is { } trigger)
            {
                app.MapMethods(trigger.Route!, trigger.Methods!, (RequestDelegate)(context => InvokeAsync(function, context)));
            }
        }
    }

    private static async Task InvokeAsync(MethodInfo function, HttpContext context)
    {
        var target = ActivatorUtilities.CreateInstance(context.RequestServices, function.DeclaringType!);
        object[] arguments =
        [
            .. function.GetParameters().Select(parameter =>
                parameter.ParameterType == typeof(HttpRequest) ? context.Request
                : parameter.ParameterType == typeof(DurableTaskClient) ? (object)Unfinished.Make<IdleClient>()
                : throw new NotSupportedException($"{function.Name} wants a {parameter.ParameterType}.")),
        ];
        var result = await (Task<IActionResult>)function.Invoke(target, BindingFlags.DoNotWrapExceptions, null, arguments, null)!;
        await result.ExecuteResultAsync(new ActionContext(context, context.GetRouteData(), new ActionDescriptor()));
    }
}

/// <summary>The app's identity at Entra ID.</summary>
internal sealed class KnownToken : TokenCredential
{
    /// <summary>The token for a scope.</summary>
    public static string Of(string scope) => $"token-for-{scope}";

    public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
        new(Of(requestContext.Scopes.Single()), DateTimeOffset.UtcNow.AddHours(1));

    public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
        ValueTask.FromResult(GetToken(requestContext, cancellationToken));
}

/// <summary>A durable client that nobody uses.</summary>
public abstract class IdleClient() : DurableTaskClient("idle")
{
    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
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
