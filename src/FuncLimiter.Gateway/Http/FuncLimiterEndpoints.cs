using FuncLimiter.Gateway.Admin;
using FuncLimiter.Gateway.Dashboard;
using FuncLimiter.Gateway.Http.Endpoints;
using FuncLimiter.Providers.Dialects;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace FuncLimiter.Gateway.Http;

/// <summary>Maps the HTTP surface.</summary>
public static class FuncLimiterEndpoints
{
    /// <summary>Maps every path of the gateway; what no path takes is answered in the caller's dialect.</summary>
    /// <param name="routes">The host's routes; its services hold those of <see cref="FuncLimiterServices.AddFuncLimiter"/>.</param>
    public static IEndpointRouteBuilder MapFuncLimiter(this IEndpointRouteBuilder routes)
    {
        var services = routes.ServiceProvider;
        var guarded = routes.MapGroup(string.Empty);
        ((IEndpointConventionBuilder)guarded).Finally(static endpoint => endpoint.RequestDelegate = FailedEndpoint.Guard(endpoint.RequestDelegate!));
        MapCalls(guarded, services.GetRequiredService<CallEndpoint>());
        MapReservations(guarded, services.GetRequiredService<ReservationEndpoint>());
        MapReports(guarded, services);
        guarded.MapFallback("{**path}", UnknownEndpoint.HandleAsync);
        return routes;
    }

    private static void MapCalls(IEndpointRouteBuilder routes, CallEndpoint calls)
    {
        routes.MapPost(EndpointPaths.ChatCompletions, context => calls.HandleAsync(context, Operation.ChatCompletions));
        routes.MapPost(EndpointPaths.Responses, context => calls.HandleAsync(context, Operation.Responses));
        routes.MapPost(EndpointPaths.Embeddings, context => calls.HandleAsync(context, Operation.Embeddings));
        routes.MapPost(EndpointPaths.Messages, context => calls.HandleAsync(context, Operation.Messages));
        routes.MapPost(EndpointPaths.CountTokens, context => calls.HandleAsync(context, Operation.CountTokens));
        routes.MapPost(EndpointPaths.AzureChatCompletions, context =>
            calls.HandleAsync(context, Operation.ChatCompletions, Value(context, "deployment")));
        routes.MapPost(EndpointPaths.AzureEmbeddings, context =>
            calls.HandleAsync(context, Operation.Embeddings, Value(context, "deployment")));
    }

    private static void MapReservations(IEndpointRouteBuilder routes, ReservationEndpoint reservations)
    {
        routes.MapPost(EndpointPaths.Reservations, reservations.ReserveAsync);
        routes.MapPost(EndpointPaths.Settlement, context => reservations.SettleAsync(context, Value(context, "id")));
    }

    private static void MapReports(IEndpointRouteBuilder routes, IServiceProvider services)
    {
        var models = services.GetRequiredService<ModelsEndpoint>();
        var status = services.GetRequiredService<StatusEndpoint>();
        var health = services.GetRequiredService<HealthEndpoint>();
        routes.MapGet(EndpointPaths.Root, RootEndpoint.HandleAsync);
        routes.MapGet(EndpointPaths.Models, context => models.HandleAsync(context));
        routes.MapGet(EndpointPaths.Model, context => models.HandleAsync(context, Value(context, "model")));
        routes.MapGet(EndpointPaths.Status, status.StatusAsync);
        routes.MapGet(EndpointPaths.Metrics, status.MetricsAsync);
        routes.MapGet(EndpointPaths.Usage, services.GetRequiredService<UsageEndpoint>().HandleAsync);
        var dashboard = services.GetRequiredService<DashboardEndpoint>();
        routes.MapGet(EndpointPaths.Dashboard, static context => DashboardEndpoint.FileAsync(context));
        routes.MapGet(EndpointPaths.DashboardFile, static context => DashboardEndpoint.FileAsync(context, Value(context, "file")));
        routes.MapGet(EndpointPaths.DashboardEvents, dashboard.EventsAsync);
        routes.MapGet(EndpointPaths.DashboardTrends, dashboard.TrendsAsync);
        var admin = services.GetRequiredService<AdminEndpoint>();
        foreach (var path in new[] { EndpointPaths.AdminPauses, EndpointPaths.AdminLimits, EndpointPaths.AdminWeights, EndpointPaths.AdminRevocations })
        {
            routes.MapPost(path, admin.ChangeAsync);
        }

        routes.MapGet(EndpointPaths.AdminAudit, admin.AuditAsync);
        routes.MapGet(EndpointPaths.Live, HealthEndpoint.LiveAsync);
        routes.MapGet(EndpointPaths.Ready, health.ReadyAsync);
    }

    private static string Value(HttpContext context, string name) => (string)context.Request.RouteValues[name]!;
}
