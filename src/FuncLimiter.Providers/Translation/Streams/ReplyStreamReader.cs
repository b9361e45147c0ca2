using System.Text.Json;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Responses;

namespace FuncLimiter.Providers.Translation.Streams;

/// <summary>Takes a provider's streamed answer apart, whose bytes arrive cut anywhere, in bounded memory.</summary>
/// <param name="writer">Where what it says goes.</param>
internal abstract class ReplyStreamReader(ReplyStreamWriter writer)
{
    /// <summary>Where what it says goes.</summary>
    protected ReplyStreamWriter Writer => writer;

    /// <summary>Takes the next bytes.</summary>
    /// <exception cref="TranslationException">They hold what can't be put into the caller's API.</exception>
    public abstract void Append(ReadOnlySpan<byte> chunk);

    /// <summary>The provider closed the stream: where the model had stopped by then, nothing is missing.</summary>
    public virtual void Complete()
    {
        if (writer.HasStopped)
        {
            writer.End();
        }
    }
}

/// <summary>Takes an answer of server-sent events apart, each of which is one line of JSON.</summary>
internal abstract class SseReplyReader(ReplyStreamWriter writer) : ReplyStreamReader(writer)
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = RequestReader.MaxDepth };

    private readonly SseLines _lines = new();
    private SseLines.LineHandler? _handler;

    /// <inheritdoc/>
    public override void Append(ReadOnlySpan<byte> chunk) => _lines.Append(chunk, _handler ??= TakeLine);

    /// <summary>Takes the JSON of one event.</summary>
    protected abstract void TakeEvent(JsonElement data);

    private void TakeLine(ReadOnlySpan<byte> line, bool isTail)
    {
        if (Writer.IsEnded)
        {
            return;
        }

        if (isTail)
        {
            throw new TranslationException("The provider sent an event that is too long to be translated.");
        }

        // A byte order mark may stand ahead of the first line.
        line = line.StartsWith("\uFEFF"u8) ? line[3..] : line;
        if (!line.StartsWith("data:"u8))
        {
            return;
        }

        var data = line["data:".Length..].Trim((byte)' ');
        if (data.SequenceEqual("[DONE]"u8))
        {
            Complete();
        }
        else if (!data.IsEmpty)
        {
            using var document = JsonDocument.Parse(data.ToArray(), Options);
            TakeEvent(document.RootElement);
        }
    }

    /// <summary>Tells the caller of a failure that came inside the stream.</summary>
    protected void Fail(JsonElement data)
    {
        var error = ErrorBody.From(data.Clone());
        Writer.Fail(EmbeddedStatus.Of(error), error.Message ?? "The provider failed in the middle of its answer.");
    }
}

/// <summary>Takes an answer of AWS's binary frames apart, each of which holds one event as JSON.</summary>
internal abstract class FramedReplyReader(ReplyStreamWriter writer) : ReplyStreamReader(writer)
{
    private readonly AwsEventFrames _frames = new();
    private AwsEventFrames.FrameHandler? _handler;

    /// <inheritdoc/>
    public override void Append(ReadOnlySpan<byte> chunk)
    {
        _frames.Append(chunk, _handler ??= Take);
        if (_frames.HasPassedOver)
        {
            throw new TranslationException("The provider sent an event that is too long to be translated, or is none.");
        }
    }

    /// <summary>Takes the JSON of one event.</summary>
    protected abstract void TakeEvent(string type, JsonElement data);

    private void Take(string type, bool isException, ReadOnlySpan<byte> payload)
    {
        if (Writer.IsEnded)
        {
            return;
        }

        if (isException)
        {
            Writer.Fail(StatusOf(type), ErrorBody.Parse(payload).Message ?? $"The provider failed in the middle of its answer: {type}.");
            return;
        }

        using var document = JsonDocument.Parse(payload.ToArray());
        TakeEvent(type, document.RootElement);
    }

    // The status that an exception in a stream would have had.
    private static int StatusOf(string exception) => exception switch
    {
        "throttlingException" => 429,
        "validationException" => 400,
        "serviceUnavailableException" => 503,
        _ => 500,
    };
}
