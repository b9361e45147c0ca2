using System.Buffers;
using System.Text.Json;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Errors;
using FuncLimiter.Providers.Dialects;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Gateway.Http.Responses;

/// <summary>Answers requests that FuncLimiter serves by itself.</summary>
internal static class JsonResponse
{
    /// <summary>Answers with JSON.</summary>
    public static async Task WriteAsync(HttpContext context, int status, Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer))
        {
            write(json);
        }

        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = buffer.WrittenCount;
        await context.Response.BodyWriter.WriteAsync(buffer.WrittenMemory, context.RequestAborted);
    }

    /// <summary>Answers with an error in a dialect.</summary>
    public static Task WriteErrorAsync(HttpContext context, Dialect dialect, GatewayError error) =>
        ErrorAnswer.WriteAsync(new HttpAnswer(context), dialect, error, context.RequestAborted).AsTask();
}
