using System.Buffers;
using System.Text.Json;

namespace FuncLimiter.Providers.Responses;

/// <summary>
/// Reads a stream that is one JSON array whose items come one after the other, as Gemini and Vertex AI stream where nobody asks for
/// server-sent events (<c>streamGenerateContent</c> without <c>alt=sse</c>).
/// </summary>
/// <param name="events">What keeps that which the items tell.</param>
internal sealed class JsonArrayUsageReader(SseUsageReader events) : CarriedEventsReader(events)
{
    /// <summary>A larger item is passed over.</summary>
    private const int MostItemBytes = 1024 * 1024;

    private readonly ArrayBufferWriter<byte> _item = new();
    private int _depth;
    private bool _isInText;
    private bool _isEscaped;
    private bool _isTooLarge;

    /// <inheritdoc/>
    public override void Append(ReadOnlySpan<byte> chunk)
    {
        var start = _depth > 0 ? 0 : -1;
        for (var at = 0; at < chunk.Length; at++)
        {
            var one = chunk[at];
            if (_isInText)
            {
                (_isInText, _isEscaped) = (one != '"' || _isEscaped, one == '\\' && !_isEscaped);
            }
            else if (one == '"')
            {
                _isInText = _depth > 0;
            }
            else if (one == '{')
            {
                start = _depth++ == 0 ? at : start;
            }
            else if (one == '}' && _depth > 0 && --_depth == 0)
            {
                Keep(chunk[start..(at + 1)]);
                Take();
                start = -1;
            }
        }

        if (start >= 0)
        {
            Keep(chunk[start..]);
        }
    }

    private void Keep(ReadOnlySpan<byte> part)
    {
        _isTooLarge |= _item.WrittenCount + part.Length > MostItemBytes;
        if (!_isTooLarge)
        {
            _item.Write(part);
        }
    }

    private void Take()
    {
        try
        {
            if (!_isTooLarge)
            {
                using var document = JsonDocument.Parse(_item.WrittenMemory);
                Events.TakeEvent(document.RootElement);
                if (StreamEvent.IsEnd(_item.WrittenSpan))
                {
                    Events.NoteEvent(isOpening: true, isEnd: true);
                }
            }
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException)
        {
            // An item that is no JSON tells nothing; its bytes went to the caller as they are.
        }
        finally
        {
            _item.ResetWrittenCount();
            _isTooLarge = false;
        }
    }
}
