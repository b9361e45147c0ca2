using System.Buffers;
using System.Text.Json;

namespace FuncLimiter.Providers.Translation.Streams;

/// <summary>
/// Turns a provider's streamed answer into the caller's, event by event as its bytes arrive, cut anywhere. What it writes is always whole
/// events, the last of which tells of a failure where there was one.
/// </summary>
public sealed class StreamTranslator : IDisposable
{
    private const int BadGateway = 502;

    private readonly ReplyStreamReader _reader;
    private readonly ReplyStreamWriter _writer;

    internal StreamTranslator(ReplyStreamReader reader, ReplyStreamWriter writer)
    {
        _reader = reader;
        _writer = writer;
    }

    /// <summary>True once the caller has been told the end, or a failure.</summary>
    public bool IsEnded => _writer.IsEnded;

    /// <summary>Takes the next bytes from the provider.</summary>
    /// <param name="chunk">The bytes, cut anywhere.</param>
    /// <param name="output">Where the caller's events go.</param>
    public void Append(ReadOnlySpan<byte> chunk, IBufferWriter<byte> output)
    {
        _writer.Output = output;
        try
        {
            _reader.Append(chunk);
        }
        catch (TranslationException problem)
        {
            _writer.Fail(BadGateway, problem.Message);
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException)
        {
            _writer.Fail(BadGateway, "The provider sent an event that is not valid JSON.");
        }
    }

    /// <summary>The provider closed the stream. Where its answer had no end, the caller is told so.</summary>
    /// <param name="output">Where the caller's events go.</param>
    public void Complete(IBufferWriter<byte> output)
    {
        _writer.Output = output;
        _reader.Complete();
        _writer.Fail(BadGateway, "The provider ended its answer before it was complete.");
    }

    /// <summary>The stream broke off; the caller is told why, unless it had its end already.</summary>
    /// <param name="status">The status that the failure would have had.</param>
    /// <param name="message">What went wrong.</param>
    /// <param name="output">Where the caller's events go.</param>
    public void Break(int status, string message, IBufferWriter<byte> output)
    {
        _writer.Output = output;
        _writer.Fail(status, message);
    }

    /// <inheritdoc/>
    public void Dispose() => _writer.Dispose();
}
