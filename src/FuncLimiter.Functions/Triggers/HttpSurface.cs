using FuncLimiter.Gateway.Http;
using FuncLimiter.Gateway.Jobs.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Functions.Triggers;

/// <summary>The gateway's paths as every host maps them, for functions that take many.</summary>
/// <param name="services">The app's services.</param>
internal sealed class HttpSurface(IServiceProvider services)
{
    private readonly RequestDelegate _paths = Map(services);

    /// <summary>Answers a request by its path.</summary>
    public Task HandleAsync(HttpContext context)
    {
        // The worker has routed the request to its function; what it found would keep it from being routed on.
        context.SetEndpoint(null);
        context.Request.RouteValues = [];
        return _paths(context);
    }

    private static RequestDelegate Map(IServiceProvider services)
    {
        var app = new ApplicationBuilder(services);
        app.UseClientPaths();
        app.UseRouting();
        app.UseEndpoints(paths =>
        {
            paths.MapFuncLimiter();
            paths.MapJobs();
        });
        return app.Build();
    }
}
