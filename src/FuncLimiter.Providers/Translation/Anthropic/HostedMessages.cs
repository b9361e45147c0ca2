using System.Collections.Frozen;
using System.Runtime.InteropServices;
using System.Text.Json;
using FuncLimiter.Providers.Responses;
using FuncLimiter.Providers.Translation.Streams;

namespace FuncLimiter.Providers.Translation.Anthropic;

/// <summary>
/// Anthropic's Messages as a cloud takes them for its Claude models: the body as it is, but with the model in the path and the version, which
/// Anthropic takes as a header, in the body. Sources: "Anthropic Claude Messages API" and "Request and Response" (docs.aws.amazon.com, Bedrock
/// user guide), "Claude on Vertex AI" (docs.anthropic.com), <c>lib/bedrock/_client.py</c> and <c>lib/vertex/_client.py</c> of anthropics/anthropic-sdk-python.
/// </summary>
public sealed class HostedMessages
{
    private readonly string _version;
    private readonly bool _isInvoked;
    private readonly FrozenDictionary<string, string> _betas;

    private HostedMessages(string cloud, string version, bool isInvoked, params (string Name, string There)[] betas)
    {
        Cloud = cloud;
        _version = version;
        _isInvoked = isInvoked;
        _betas = betas.ToFrozenDictionary(beta => beta.Name, beta => beta.There, StringComparer.Ordinal);
    }

    /// <summary>
    /// Bedrock's InvokeModel: the betas in the body, the stream in the path. The betas are those that it was seen to take (anthropics/claude-code
    /// issue 30926, 2026-03-05; router-for-me/CLIProxyAPI issue 4750, 2026-08-03; <c>anthropic_beta_headers_config.json</c> of BerriAI/litellm, read
    /// on 2026-11-29); it refuses a request that names another.
    /// </summary>
    public static HostedMessages Bedrock { get; } = new(
        "Bedrock", "bedrock-2023-05-31", isInvoked: true,
        Same("adaptive-thinking-2026-01-28"), Same("claude-code-20250219"), Same("compact-2026-01-12"), Same("computer-use-2025-01-24"),
        Same("computer-use-2025-11-24"), Same("context-1m-2025-08-07"), Same("context-management-2025-06-27"), Same("effort-2025-11-24"),
        Same("fine-grained-tool-streaming-2025-05-14"), Same("interleaved-thinking-2025-05-14"),
        Same("structured-outputs-2025-12-15"), Same("tool-examples-2025-10-29"), Same("tool-search-tool-2025-10-19"), ToolSearch);

    /// <summary>
    /// Vertex's rawPredict: the betas as a header, the stream in path and body. The betas are those that it was seen to take
    /// (<c>anthropic_beta_headers_config.json</c> of BerriAI/litellm, read on 2026-11-29).
    /// </summary>
    public static HostedMessages Vertex { get; } = new(
        "Vertex AI", "vertex-2023-10-16", isInvoked: false,
        Same("compact-2026-01-12"), Same("computer-use-2025-01-24"), Same("computer-use-2025-11-24"), Same("context-1m-2025-08-07"),
        Same("context-management-2025-06-27"), Same("interleaved-thinking-2025-05-14"), Same("tool-search-tool-2025-10-19"), Same("web-search-2025-03-05"), ToolSearch);

    /// <summary>The cloud's name, for people.</summary>
    public string Cloud { get; }

    /// <summary>Whether the betas go in a header; else they are in the body.</summary>
    public bool TakesBetaHeader => !_isInvoked;

    /// <summary>Whether streams are Anthropic's server-sent events; else each event is in a binary frame.</summary>
    public bool StreamsEvents => !_isInvoked;

    /// <summary>The names of the betas that cross, as Anthropic has them.</summary>
    public IEnumerable<string> Betas => _betas.Keys.Order(StringComparer.Ordinal);

    /// <summary>
    /// Whether a beta changes nothing of an answer but how its events are cut, or says no more than who calls, and so may be left out anywhere
    /// (platform.claude.com: fine-grained tool streaming).
    /// </summary>
    /// <param name="beta">Its name at Anthropic.</param>
    public static bool IsHarmless(string beta) => beta is "claude-code-20250219" or "fine-grained-tool-streaming-2025-05-14";

    /// <summary>What a beta is called there; null where the cloud does not take it.</summary>
    /// <param name="beta">Its name at Anthropic.</param>
    public string? Find(string beta) => _betas.GetValueOrDefault(beta);

    /// <summary>Writes the body as the cloud takes it.</summary>
    internal void Write(Utf8JsonWriter json, JsonElement body, IReadOnlyList<string> betas)
    {
        json.WriteStartObject();
        json.WriteString("anthropic_version", _version);
        if (_isInvoked && betas.Count > 0)
        {
            json.WriteStartArray("anthropic_beta");
            foreach (var beta in betas)
            {
                json.WriteStringValue(beta);
            }

            json.WriteEndArray();
        }

        foreach (var field in body.EnumerateObject())
        {
            if (!(field.NameEquals("model") || field.NameEquals("anthropic_version") || field.NameEquals("anthropic_beta") || (_isInvoked && field.NameEquals("stream"))))
            {
                json.WritePropertyName(field.Name);
                json.WriteRawValue(JsonMarshal.GetRawUtf8Value(field.Value), skipInputValidation: true);
            }
        }

        json.WriteEndObject();
    }

    private static (string Name, string There) ToolSearch => ("advanced-tool-use-2025-11-20", "tool-search-tool-2025-10-19");

    private static (string Name, string There) Same(string beta) => (beta, beta);
}

/// <summary>Reads the binary frames of InvokeModelWithResponseStream, each of which holds one of Anthropic's own events.</summary>
internal sealed class InvokedStreamReader(MessagesStreamWriter writer) : FramedReplyReader(writer)
{
    /// <inheritdoc/>
    protected override void TakeEvent(string type, JsonElement data)
    {
        if (type != "chunk" || Json.At(data, "bytes") is not { ValueKind: JsonValueKind.String } encoded)
        {
            return;
        }

        try
        {
            using var told = JsonDocument.Parse(encoded.GetBytesFromBase64());
            writer.PassOn(told.RootElement);
        }
        catch (FormatException)
        {
            throw new TranslationException("The provider sent an event that can't be read.");
        }
    }
}
