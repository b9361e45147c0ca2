using FuncLimiter.Gateway.Http;
using Scalar.AspNetCore;

namespace FuncLimiter.Server.Hosting;

/// <summary><c>/docs</c>: the OpenAPI document as a page on which every path can be tried. Its script comes with the program.</summary>
internal static class ApiPage
{
    private const string Path = "/docs";

    // The script could ask elsewhere for fonts, a proxy or its makers' services: the browser is told to let it talk to this server alone.
    private const string Policy =
        "default-src 'none'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
        + "font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// <summary>Maps the page and its script.</summary>
    public static void MapApiPage(this IEndpointRouteBuilder routes) => routes
        .MapScalarApiReference(Path, options => options
            .WithTitle("FuncLimiter")
            .WithOpenApiRoutePattern(EndpointPaths.OpenApi)
            .DisableDefaultFonts()
            .DisableTelemetry()
            .DisableAgent())
        .Finally(static endpoint =>
        {
            var handle = endpoint.RequestDelegate!;
            endpoint.RequestDelegate = context =>
            {
                context.Response.Headers.ContentSecurityPolicy = Policy;
                context.Response.Headers.XContentTypeOptions = "nosniff";
                return handle(context);
            };
        });
}
