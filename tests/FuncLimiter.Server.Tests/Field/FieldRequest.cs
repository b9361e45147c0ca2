using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Server.Tests.Field;

/// <summary>One request as the provider got it.</summary>
/// <param name="Account">Whose key it had.</param>
/// <param name="Index">How many this account had before.</param>
/// <param name="At">When it arrived.</param>
/// <param name="Method">The method.</param>
/// <param name="Target">Path and query, as they stood in the request line.</param>
/// <param name="Headers">The headers, several values of one joined by a comma.</param>
/// <param name="Body">The body's bytes.</param>
internal sealed record FieldRequest(
    FieldAccount Account, int Index, DateTimeOffset At, string Method, string Target, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    /// <summary>The body as text.</summary>
    public string Text => Encoding.UTF8.GetString(Body);

    /// <summary>Whether a streamed answer is asked for.</summary>
    public bool Streams => Json?["stream"]?.GetValue<bool>() == true;

    /// <summary>Whether the usage of the stream is asked for.</summary>
    public bool WantsUsage => Json?["stream_options"]?["include_usage"]?.GetValue<bool>() == true;

    private JsonNode? Json => Body.Length > 0 && Body[0] == '{' ? JsonNode.Parse(Body) : null;
}

/// <summary>Answers a request.</summary>
internal delegate Task FieldAnswer(FieldRequest request, HttpContext context);
