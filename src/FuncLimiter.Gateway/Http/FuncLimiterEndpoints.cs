using FuncLimiter.Gateway.Http.Endpoints;
using FuncLimiter.Providers.Dialects;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace FuncLimiter.Gateway.Http;

/// <summary>Maps the HTTP surface.</summary>
internal static class FuncLimiterEndpoints
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
        guarded.MapPost(EndpointPaths.Preflight, services.GetRequiredService<PreflightEndpoint>().HandleAsync);
        MapReports(guarded, services);
        guarded.MapFallback("{**path}", services.GetRequiredService<PassedEndpoint>().HandleAsync);
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
        routes.MapPost(EndpointPaths.AzureV1ChatCompletions, context => calls.HandleAsync(WithoutVersion(context), Operation.ChatCompletions, isAzure: true));
        routes.MapPost(EndpointPaths.AzureV1Responses, context => calls.HandleAsync(WithoutVersion(context), Operation.Responses, isAzure: true));
        routes.MapPost(EndpointPaths.AzureV1Embeddings, context => calls.HandleAsync(WithoutVersion(context), Operation.Embeddings, isAzure: true));
        routes.MapPost(EndpointPaths.AzureResponses, context => calls.HandleAsync(WithoutVersion(context), Operation.Responses, isAzure: true));
        routes.MapPost(EndpointPaths.GeminiChatCompletions, context => calls.HandleAsync(context, Operation.ChatCompletions));
        routes.MapPost(EndpointPaths.GeminiEmbeddings, context => calls.HandleAsync(context, Operation.Embeddings));
    }

    // The version is of these paths, not of those that accounts are asked at.
    private static HttpContext WithoutVersion(HttpContext context)
    {
        var rest = context.Request.Query.Where(static part => !part.Key.Equals("api-version", StringComparison.OrdinalIgnoreCase));
        context.Request.QueryString = QueryString.Create(rest);
        return context;
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
        MapRead(routes, EndpointPaths.Root, RootEndpoint.HandleAsync);
        MapRead(routes, EndpointPaths.OpenApi, OpenApiEndpoint.HandleAsync);
        MapRead(routes, EndpointPaths.Models, context => models.HandleAsync(context));
        MapRead(routes, EndpointPaths.AzureV1Models, context => models.HandleAsync(context));
        MapRead(routes, EndpointPaths.Model, context => models.HandleAsync(context, Value(context, "model")));
        MapRead(routes, EndpointPaths.Status, status.StatusAsync);
        MapRead(routes, EndpointPaths.Metrics, status.MetricsAsync);
        MapRead(routes, EndpointPaths.Usage, services.GetRequiredService<UsageEndpoint>().HandleAsync);
        var dashboard = services.GetRequiredService<DashboardEndpoint>();
        MapRead(routes, EndpointPaths.Dashboard, static context => DashboardEndpoint.FileAsync(context));
        MapRead(routes, EndpointPaths.DashboardFile, static context => DashboardEndpoint.FileAsync(context, Value(context, "file")));
        MapRead(routes, EndpointPaths.DashboardEvents, dashboard.EventsAsync);
        MapRead(routes, EndpointPaths.DashboardTrends, dashboard.TrendsAsync);
        var admin = services.GetRequiredService<AdminEndpoint>();
        foreach (var path in new[] { EndpointPaths.AdminPauses, EndpointPaths.AdminLimits, EndpointPaths.AdminWeights, EndpointPaths.AdminRevocations, EndpointPaths.AdminLearned, EndpointPaths.AdminBudgets })
        {
            routes.MapPost(path, admin.ChangeAsync);
        }

        routes.MapPost(EndpointPaths.AdminReload, admin.ReloadAsync);
        routes.MapPost(EndpointPaths.AdminKeys, admin.IssueAsync);
        MapRead(routes, EndpointPaths.AdminKeys, admin.KeysAsync);
        MapRead(routes, EndpointPaths.AdminBudgets, admin.BudgetsAsync);
        MapRead(routes, EndpointPaths.AdminAudit, admin.AuditAsync);
        MapRead(routes, EndpointPaths.AdminRecord, services.GetRequiredService<RecordEndpoint>().HandleAsync);
        MapRead(routes, EndpointPaths.Live, HealthEndpoint.LiveAsync);
        MapRead(routes, EndpointPaths.Ready, health.ReadyAsync);
    }

    // What is there can be asked for without its body as well.
    private static void MapRead(IEndpointRouteBuilder routes, string path, RequestDelegate handle) =>
        routes.MapMethods(path, [HttpMethods.Get, HttpMethods.Head], handle);

    private static string Value(HttpContext context, string name) => (string)context.Request.RouteValues[name]!;
}
