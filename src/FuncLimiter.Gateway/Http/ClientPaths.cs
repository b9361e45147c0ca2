using FuncLimiter.Providers.Passing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace FuncLimiter.Gateway.Http;

/// <summary>Takes requests as clients send them: base addresses that end in a slash or lack a version, pages in browsers.</summary>
public static class ClientPaths
{
    /// <summary>Puts paths into their usual form and answers what browsers ask first. To stand ahead of routing.</summary>
    /// <param name="app">The host's pipeline; its services hold those of <see cref="FuncLimiterServices.AddFuncLimiter"/>.</param>
    public static IApplicationBuilder UseClientPaths(this IApplicationBuilder app)
    {
        var origins = app.ApplicationServices.GetRequiredService<CrossOrigin>();
        return app.Use(next => context =>
        {
            if (context.Request.Path.Value is { Length: > 1 } path && Usual(path) is var usual && !ReferenceEquals(path, usual))
            {
                context.Request.Path = new PathString(usual);
            }

            return origins.Answers(context) ? Task.CompletedTask : next(context);
        });
    }

    /// <summary>A path without doubled slashes, and with the version that was left out; the same text where it has neither.</summary>
    private static string Usual(string path)
    {
        if (path.Contains("//", StringComparison.Ordinal))
        {
            var isEnded = path.EndsWith('/');
            path = "/" + string.Join('/', path.Split('/', StringSplitOptions.RemoveEmptyEntries));
            path = isEnded && path.Length > 1 ? path + "/" : path;
        }

        return PassedPaths.WithVersion(path) ?? path;
    }
}
