using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using FuncLimiter.Gateway.Calls.Errors;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Gateway.Http.Requests;

/// <summary>Reads the JSON bodies of FuncLimiter's own endpoints.</summary>
internal static class JsonBody
{
    /// <summary>The body as a type; null and what is wrong with it otherwise.</summary>
    public static async ValueTask<(T? Value, GatewayError? Error)> ReadAsync<T>(HttpContext context, int maxBytes, JsonTypeInfo<T> type)
        where T : class
    {
        if (ContentTypes.Fault(context.Request) is { } fault)
        {
            return (null, fault);
        }

        var (read, error) = await RequestBody.ReadAsync(context, maxBytes);
        if (read is null)
        {
            return (null, error);
        }

        using var body = read;

        try
        {
            return JsonSerializer.Deserialize(body.Bytes.Span, type) is { } value
                ? (value, null)
                : (null, GatewayError.BadRequest("invalid_json", "The body is null; an object is needed."));
        }
        catch (JsonException broken)
        {
            return (null, GatewayError.BadRequest("invalid_json", Fault(broken), broken.Path));
        }
    }

    // The reader's own words name types of this program where a member is not known, is missing, or has a value of another kind.
    private static string Fault(JsonException broken)
    {
        const string required = "missing required properties including:";
        return broken.Message.Contains("could not be mapped", StringComparison.Ordinal) ? $"The body has a member that is not known: {broken.Path}."
            : broken.Message.IndexOf(required, StringComparison.Ordinal) is >= 0 and var at ? $"The body lacks{broken.Message[(at + required.Length)..]}"
            : broken.Message.Contains("could not be converted", StringComparison.Ordinal) ? $"The body has a value of another kind than is needed: {broken.Path}."
            : broken.Message.Contains("allow null values", StringComparison.Ordinal) ? $"The body has null where a value is needed: {broken.Path}."
            : $"The body is not as expected: {broken.Message}";
    }
}

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
