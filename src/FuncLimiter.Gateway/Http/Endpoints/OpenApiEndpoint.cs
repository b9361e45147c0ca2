using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Gateway.Http.Endpoints;

/// <summary>
/// <c>GET /openapi/v1.json</c>: what every path takes and answers. It is written by hand, since handlers read and write their bodies
/// themselves in both hosts; OpenApiTests hold it to what they do.
/// </summary>
internal static class OpenApiEndpoint
{
    private static readonly Lazy<byte[]> Document = new(Read);

    /// <summary>Answers a request.</summary>
    public static Task HandleAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.ContentLength = Document.Value.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.Body.WriteAsync(Document.Value, context.RequestAborted).AsTask();
    }

    private static byte[] Read()
    {
        using var stream = typeof(OpenApiEndpoint).Assembly.GetManifestResourceStream("openapi.json")
            ?? throw new InvalidOperationException("The OpenAPI document is not part of this assembly.");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
