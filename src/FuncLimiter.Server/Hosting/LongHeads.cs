using FuncLimiter.Gateway.Calls.Errors;
using FuncLimiter.Gateway.Http.Requests;
using FuncLimiter.Gateway.Http.Responses;
using Microsoft.AspNetCore.Http.Features;

namespace FuncLimiter.Server.Hosting;

/// <summary>
/// Refuses what stands ahead of a body and is too long, in the caller's dialect. The bounds are those that Kestrel has by itself
/// (learn.microsoft.com: KestrelServerLimits): 8 KiB of method and address, 32 KiB of headers, 100 of them.
/// </summary>
internal static class LongHeads
{
    /// <summary>How many headers are read; beyond them Kestrel refuses without a body.</summary>
    public const int MostHeadersRead = 1_000;

    private const int MostAddress = 8 * 1024;
    private const int MostHeaderBytes = 32 * 1024;
    private const int MostHeaders = 100;

    /// <summary>What a header's line has besides its name and its value.</summary>
    private const int LineBytes = 4;

    private static readonly GatewayError LongAddress = new(414, "uri_too_long", $"The address has more than {MostAddress} bytes. What is long goes into the body.");

    private static readonly GatewayError LongHeaders = new(431, "headers_too_large",
        $"The headers have more than {MostHeaderBytes} bytes, or are more than {MostHeaders}. Cookies and traces that a page or a proxy adds are often the cause.");

    /// <summary>To stand ahead of all else.</summary>
    /// <param name="next">What is ahead of.</param>
    public static RequestDelegate Refuse(RequestDelegate next) => context =>
        FaultOf(context) is { } fault ? JsonResponse.WriteErrorAsync(context, RequestDialect.Of(context.Request), fault) : next(context);

    private static GatewayError? FaultOf(HttpContext context)
    {
        if (context.Features.Get<IHttpRequestFeature>()?.RawTarget.Length > MostAddress)
        {
            return LongAddress;
        }

        var (count, bytes) = (0, 0);
        foreach (var header in context.Request.Headers)
        {
            foreach (var value in header.Value)
            {
                count++;
                bytes += header.Key.Length + (value?.Length ?? 0) + LineBytes;
            }
        }

        return count > MostHeaders || bytes > MostHeaderBytes ? LongHeaders : null;
    }
}
