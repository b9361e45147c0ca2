using System.Globalization;
using System.Text;
using System.Text.Json;
using FuncLimiter.Providers.Responses;

namespace FuncLimiter.Providers.Tests.Fixtures;

/// <summary>Turns a fixture back into the response that it stands for, and reads it.</summary>
internal static class FixtureResponse
{
    public static Provider ProviderOf(JsonElement fixture)
    {
        var id = fixture.GetProperty("provider").GetString()!;
        return ProviderCatalog.Get(id == "generic" ? "openai-compatible" : id);
    }

    public static ResponseReading Read(JsonElement fixture)
    {
        var headers = Headers(fixture.GetProperty("headers"));
        var (contentType, body) = Body(fixture);
        return ProviderOf(fixture).Read(
            fixture.GetProperty("status").GetInt32(),
            name => headers.GetValueOrDefault(name),
            contentType,
            body,
            DateTimeOffset.Parse(fixture.GetProperty("now").GetString()!, CultureInfo.InvariantCulture));
    }

    private static Dictionary<string, string> Headers(JsonElement headers) => headers.EnumerateObject().ToDictionary(
        header => header.Name,
        header => header.Value.ValueKind == JsonValueKind.Array
            ? string.Join(", ", header.Value.EnumerateArray().Select(value => value.GetString()))
            : header.Value.GetString()!,
        StringComparer.OrdinalIgnoreCase);

    private static (string? ContentType, byte[] Body) Body(JsonElement fixture)
    {
        var body = fixture.GetProperty("body");
        var bytes = body.ValueKind == JsonValueKind.String ? Encoding.UTF8.GetBytes(body.GetString()!) : Encoding.UTF8.GetBytes(body.GetRawText());
        return fixture.GetProperty("bodyType").GetString() switch
        {
            "none" => (null, []),
            "text" => ("text/plain", bytes),
            "sse" => ("text/event-stream", bytes),
            "aws-events" => ("application/vnd.amazon.eventstream", AwsEventEncoder.Encode(body)),
            "json" or "ws-event" => ("application/json", bytes),
            var other => throw new NotSupportedException($"Body type '{other}'."),
        };
    }
}
