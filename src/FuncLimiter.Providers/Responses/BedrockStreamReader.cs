using System.Text.Json;

namespace FuncLimiter.Providers.Responses;

/// <summary>Reads Bedrock's streams: server-sent events of its OpenAI-compatible API, and binary frames of Converse and InvokeModel.</summary>
/// <param name="events">The reader of server-sent events, which also keeps what the frames tell.</param>
internal sealed class BedrockStreamReader(SseUsageReader events) : CarriedEventsReader(events)
{
    private readonly AwsEventFrames _frames = new();
    private AwsEventFrames.FrameHandler? _handler;
    private bool? _isFramed;

    /// <inheritdoc/>
    public override void Append(ReadOnlySpan<byte> chunk)
    {
        if (chunk.IsEmpty)
        {
            return;
        }

        // A frame begins with its length, of which the first byte is 0 below 16 MB; text has no such byte.
        _isFramed ??= chunk[0] == 0;
        if (_isFramed.Value)
        {
            _frames.Append(chunk, _handler ??= TakeFrame);
        }
        else
        {
            Events.Append(chunk);
        }
    }

    private void TakeFrame(string type, bool isException, ReadOnlySpan<byte> payload)
    {
        try
        {
            if (isException)
            {
                Events.TakeError(ErrorBody.Parse(payload).Named(type));
            }
            else if (type is "metadata" or "chunk")
            {
                TakeEvent(type, payload);
            }
            else
            {
                Events.NoteEvent(isOpening: type is "messageStart" or "contentBlockStart", isEnd: type == "messageStop");
            }
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException or FormatException)
        {
            // A payload that is no JSON tells nothing; its bytes went to the caller as they are.
        }
    }

    private void TakeEvent(string type, ReadOnlySpan<byte> payload)
    {
        var reader = new Utf8JsonReader(payload);
        using var document = JsonDocument.ParseValue(ref reader);
        if (type == "metadata")
        {
            Events.TakeEvent(document.RootElement, isLast: true);
        }
        else if (Json.At(document.RootElement, "bytes") is { ValueKind: JsonValueKind.String } encoded)
        {
            Events.TakeData(encoded.GetBytesFromBase64());
        }
    }
}
