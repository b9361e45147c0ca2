using FuncLimiter.Gateway.Calls.Errors;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Gateway.Http.Requests;

/// <summary>What bodies may be. Providers take JSON only, and say so late; a body without a word is taken for JSON.</summary>
internal static class ContentTypes
{
    private const int MostShown = 100;

    /// <summary>415 where a body is said to be something else than JSON; null otherwise.</summary>
    public static GatewayError? Fault(HttpRequest request)
    {
        if (string.IsNullOrEmpty(request.ContentType) || request.HasJsonContentType())
        {
            return null;
        }

        var shown = request.ContentType.Length > MostShown ? request.ContentType[..MostShown] : request.ContentType;
        return new GatewayError(415, "unsupported_media_type", $"The body is said to be '{shown}'; send JSON, with 'Content-Type: application/json'.")
        {
            Parameter = "Content-Type",
        };
    }
}
