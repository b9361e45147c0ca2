using System.Text.Json;

namespace FuncLimiter.Providers.Responses;

/// <summary>Reads the members of an error in which gateways and servers tell how long to wait (<c>"retry_after": 12</c>).</summary>
internal static class WaitField
{
    private static readonly string[] InSeconds = ["retry_after", "retryAfter", "retry-after", "retry_after_seconds", "retryAfterSeconds", "estimated_time"];

    private static readonly string[] InMilliseconds = ["retry_after_ms", "retryAfterMs"];

    /// <summary>The longest wait told, in seconds; null where there is none or it makes no sense.</summary>
    public static double? Seconds(Failure failure)
    {
        var error = failure.Error.Error;
        JsonElement[] places = [error, failure.Error.Root, Json.At(error, "metadata"), Json.At(error, "details")];
        return places.Max(place => InSeconds.Select(name => Wait(Json.At(place, name), failure.Headers))
            .Concat(InMilliseconds.Select(name => Json.CountAt(place, name) / 1000.0))
            .Max());
    }

    private static double? Wait(JsonElement value, in HeaderValues headers) => value.ValueKind == JsonValueKind.Number
        ? Json.NumberAt(value) is >= 0 and var seconds ? headers.SecondsOrMoment(seconds) : null
        : Json.Text(value) is { Length: <= 64 } text ? headers.SecondsUntil(text) : null;
}
