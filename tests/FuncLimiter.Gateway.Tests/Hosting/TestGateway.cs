using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Http;
using FuncLimiter.Gateway.Operations;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace FuncLimiter.Gateway.Tests.Hosting;

/// <summary>The gateway on loopback, in front of a fake provider and on a fake limiter, or a real one.</summary>
internal sealed class TestGateway(WebApplication app, FakeProvider provider, FakeLimiter limiter, UsageRecords usage)
    : GatewayHost(app, provider, limiter, usage)
{
    /// <summary>What is mapped, but for the path that takes all others.</summary>
    public IEnumerable<(string Method, string Path)> Routes => App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        .Where(route => route.Metadata.GetMetadata<IHttpMethodMetadata>() is not null)
        .SelectMany(route => route.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods.Select(method => (method, route.RoutePattern.RawText!)));

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
        var builder = Builder(time);
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

    /// <summary>Has the limiter looked at now, as happens every second.</summary>
    public void Look() => App.Services.GetRequiredService<Watch>().Look();
}
