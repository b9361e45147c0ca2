using System.Collections.Frozen;
using System.Reflection;
using System.Security.Cryptography;
using FuncLimiter.Gateway.Calls.Errors;
using FuncLimiter.Gateway.Http.Authentication;
using FuncLimiter.Gateway.Http.Responses;
using FuncLimiter.Gateway.Operations;
using FuncLimiter.Gateway.Operations.Dashboard;
using FuncLimiter.Gateway.Operations.History;
using FuncLimiter.Providers.Dialects;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace FuncLimiter.Gateway.Http.Endpoints;

/// <summary>
/// <c>GET /dashboard</c> and what its page reads. The page's files hold no data and are open to all; what it reads is for operators.
/// </summary>
internal sealed class DashboardEndpoint(OperatorGate gate, DashboardHub hub, Watch watch)
{
    private const int MostTrends = 200;
    private const int TrendPoints = 120;

    private static readonly GatewayError TooMany = new(503, "too_many_viewers", "As many dashboards are open as are served at once. Close one.")
    {
        ShouldRetry = true,
        RetryAfter = TimeSpan.FromSeconds(30),
    };

    /// <summary>Answers with the page, or one of its files.</summary>
    /// <param name="name">The file; null for the page.</param>
    public static async Task FileAsync(HttpContext context, string? name = null)
    {
        if (!await DashboardAssets.AnswerAsync(context, name))
        {
            await UnknownEndpoint.HandleAsync(context);
        }
    }

    /// <summary>Answers with server-sent events: first how everything stands, then what changes, about every second.</summary>
    public async Task EventsAsync(HttpContext context)
    {
        if (!await gate.MayLookAsync(context))
        {
            return;
        }

        if (hub.Join() is not { } frames)
        {
            await JsonResponse.WriteErrorAsync(context, Dialect.OpenAI, TooMany);
            return;
        }

        try
        {
            context.Response.ContentType = "text/event-stream";
            context.Response.Headers.CacheControl = "no-store";
            context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
            await foreach (var frame in frames.Reader.ReadAllAsync(context.RequestAborted))
            {
                await context.Response.Body.WriteAsync(frame, context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
            }
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The viewer is gone.
        }
        finally
        {
            hub.Leave(frames);
        }
    }

    /// <summary>Answers with the last hour of the budgets that are named: for each of their meters up to 120 points, in thousandths.</summary>
    public async Task TrendsAsync(HttpContext context)
    {
        if (!await gate.MayLookAsync(context))
        {
            return;
        }

        var trends = new Dictionary<string, double[][]>(StringComparer.Ordinal);
        lock (watch.Gate)
        {
            foreach (var name in context.Request.Query["budget"].Take(MostTrends))
            {
                if (watch.History.Find(name!) is { } track)
                {
                    trends[name!] = [.. track.Meters.Select(static meter => meter.Trend())];
                }
            }
        }

        await JsonResponse.WriteAsync(context, 200, json =>
        {
            json.WriteStartObject();
            foreach (var (name, meters) in trends)
            {
                json.WriteStartArray(name);
                foreach (var points in meters)
                {
                    json.WriteStartArray();
                    foreach (var point in Largest(points))
                    {
                        json.WriteNumberValue((int)Math.Round(point * 1000));
                    }

                    json.WriteEndArray();
                }

                json.WriteEndArray();
            }

            json.WriteEndObject();
        });
    }

    // As many points as can be seen, each the largest of those it stands for: a peak must not vanish.
    private static IEnumerable<double> Largest(double[] points)
    {
        const int step = MeterTrack.MostPoints / TrendPoints;
        for (var end = points.Length; end > 0; end -= step)
        {
            points[Math.Max(0, end - step)] = points.AsSpan(Math.Max(0, end - step), end - Math.Max(0, end - step)).ToArray().Max();
        }

        for (var start = (points.Length % step == 0 ? step : points.Length % step) - step; start < points.Length; start += step)
        {
            yield return points[Math.Max(0, start)];
        }
    }
}

/// <summary>The page's files, out of this assembly: there is nothing to build and nothing to fetch from elsewhere.</summary>
internal static class DashboardAssets
{
    private const string Prefix = "dashboard/";
    private const string Page = "index.html";

    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static readonly FrozenDictionary<string, (byte[] Bytes, string Type, string Tag)> Files = Read();

    /// <summary>The names of all files.</summary>
    public static IEnumerable<string> Names => Files.Keys;

    /// <summary>Answers with a file. False where there is none of this name.</summary>
    public static async Task<bool> AnswerAsync(HttpContext context, string? name)
    {
        if (!Files.TryGetValue(name is { Length: > 0 } ? name : Page, out var file))
        {
            return false;
        }

        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers.CacheControl = "no-cache";
        headers.ETag = file.Tag;
        if (context.Request.Headers.IfNoneMatch == file.Tag)
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return true;
        }

        context.Response.ContentType = file.Type;
        context.Response.ContentLength = file.Bytes.Length;
        await context.Response.Body.WriteAsync(file.Bytes, context.RequestAborted);
        return true;
    }

    private static FrozenDictionary<string, (byte[] Bytes, string Type, string Tag)> Read()
    {
        var assembly = Assembly.GetExecutingAssembly();
        return assembly.GetManifestResourceNames()
            .Where(static name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .ToFrozenDictionary(static name => name[Prefix.Length..], name => Read(assembly, name), StringComparer.Ordinal);
    }

    private static (byte[] Bytes, string Type, string Tag) Read(Assembly assembly, string name)
    {
        using var stream = assembly.GetManifestResourceStream(name)!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return (bytes, TypeOf(name), $"\"{Convert.ToHexStringLower(SHA256.HashData(bytes)[..8])}\"");
    }

    private static string TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        ".md" => "text/markdown; charset=utf-8",
        _ => "application/octet-stream",
    };
}
