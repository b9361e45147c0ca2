using System.Reflection;
using Azure.Core;
using FuncLimiter.Functions.Leasing;
using FuncLimiter.Functions.Tests.Harness;
using FuncLimiter.Functions.Triggers;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Abstractions;
using Microsoft.AspNetCore.Routing;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;

namespace FuncLimiter.Gateway.Tests.Hosting;

/// <summary>The app's HTTP functions on loopback, routed by their attributes as the Functions host routes them, in front of a fake provider.</summary>
internal sealed class TestGateway(WebApplication app, FakeProvider provider, FakeLimiter limiter, UsageRecords usage)
    : GatewayHost(app, provider, limiter, usage)
{
    public static async Task<TestGateway> StartAsync(
        Func<Uri, GatewayConfiguration>? configuration = null,
        GatewayOptions? options = null,
        TimeProvider? time = null,
        Func<GatewayConfiguration, ILimiter>? realLimiter = null)
    {
        var provider = await FakeProvider.StartAsync();
        var (limiter, usage) = (new FakeLimiter(), new UsageRecords());
        var builder = Builder(time);
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
