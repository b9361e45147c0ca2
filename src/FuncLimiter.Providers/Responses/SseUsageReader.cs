using System.Text.Json;
using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Providers.Responses;

/// <summary>Reads server-sent events of any of the known dialects; only events that tell usage or an error are parsed.</summary>
/// <param name="normalise">Makes one usage of what was told.</param>
/// <param name="judge">Makes a reading of an error inside the stream.</param>
internal sealed class SseUsageReader(Func<UsageFields, TokenUsage?> normalise, Func<ErrorBody, ResponseReading> judge) : StreamUsageReader
{
    private readonly SseLines _lines = new();
    private SseLines.LineHandler? _handler;
    private UsageFields _fields;
    private bool _final;
    private bool _hasContent;
    private bool _isKnown;
    private bool _hasEnded;
    private bool _isOver;
    private bool _isErrorEvent;
    private ResponseReading? _failure;

    /// <inheritdoc/>
    public override TokenUsage? Usage => normalise(_fields);

    /// <inheritdoc/>
    public override decimal? CostUsd => _fields.CostUsd;

    /// <inheritdoc/>
    public override bool IsFinal => _final && !_fields.IsEmpty;

    /// <inheritdoc/>
    public override ResponseReading? Failure => _failure;

    /// <inheritdoc/>
    public override bool HasContent => _hasContent;

    /// <inheritdoc/>
    public override bool LacksEnd => _isKnown && !_hasEnded && _failure is null;

    /// <inheritdoc/>
    public override bool IsOver => _isOver;

    /// <inheritdoc/>
    public override void Append(ReadOnlySpan<byte> chunk) => _lines.Append(chunk, _handler ??= TakeLine);

    /// <summary>Takes one event's JSON.</summary>
    /// <param name="root">The event.</param>
    /// <param name="isLast">True where its usage is known to be the last.</param>
    public void TakeEvent(JsonElement root, bool isLast = false)
    {
        if (!_hasContent)
        {
            _isKnown |= StreamEvent.IsKnown(root);
            _hasContent = !StreamEvent.IsOpening(root);
        }

        var told = StreamEvent.Usage(root);
        if (!told.IsEmpty)
        {
            _fields = _fields.Then(told);
            _final |= isLast || StreamEvent.IsLast(root);
        }

        if (StreamEvent.HasError(root))
        {
            TakeError(ErrorBody.From(root.Clone()));
        }

        _isOver |= StreamEvent.IsOver(root);
    }

    /// <summary>Takes an event of a known kind that tells nothing else.</summary>
    /// <param name="isOpening">True where nothing of it is content.</param>
    /// <param name="isEnd">True where it ends the answer.</param>
    public void NoteEvent(bool isOpening, bool isEnd)
    {
        _isKnown = true;
        _hasContent |= !isOpening;
        _hasEnded |= isEnd;
    }

    /// <summary>Takes a failure; the first one stands, and none that follows the end.</summary>
    public void TakeError(ErrorBody error) => _failure ??= _isOver ? null : judge(error);

    private void TakeLine(ReadOnlySpan<byte> line, bool isTail)
    {
        if (isTail)
        {
            NoteEvent(isOpening: false, StreamEvent.IsEnd(line));
            TakeTail(line);
            return;
        }

        line = line.StartsWith(AnswerBody.ByteOrderMark) ? line[AnswerBody.ByteOrderMark.Length..] : line;
        if (line.StartsWith("event:"u8))
        {
            _isErrorEvent = line["event:".Length..].Trim((byte)' ').SequenceEqual("error"u8);
            return;
        }

        if (!line.StartsWith("data:"u8))
        {
            return;
        }

        var data = line["data:".Length..].Trim((byte)' ');
        if (_isErrorEvent)
        {
            _isErrorEvent = false;
            TakeError(ErrorBody.Parse(data));
        }

        TakeData(data);
    }

    /// <summary>Takes what an event says.</summary>
    public void TakeData(ReadOnlySpan<byte> data)
    {
        var ends = StreamEvent.IsEnd(data);
        _hasEnded |= ends;
        if (data.SequenceEqual(StreamEvent.Done))
        {
            (_final, _hasContent, _isOver) = (true, true, true);
            return;
        }

        if (data.Length < 256 && data.IndexOf("\"message_stop\""u8) >= 0)
        {
            (_final, _hasContent) = (true, true);
        }

        if (ends || (!_hasContent && !data.IsEmpty) || StreamEvent.IsTelling(data))
        {
            Parse(data);
        }
    }

    private void Parse(ReadOnlySpan<byte> data)
    {
        try
        {
            var reader = new Utf8JsonReader(data);
            using var document = JsonDocument.ParseValue(ref reader);
            TakeEvent(document.RootElement);
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException)
        {
            // An event that is no JSON tells nothing; its bytes go to the caller as they are.
            _hasContent = true;
        }
    }

    /// <summary>
    /// Of a very long line only the end is known. A quote inside a JSON string is escaped, so <c>"usage"</c> with a colon and a brace after
    /// it is a property wherever it stands.
    /// </summary>
    private void TakeTail(ReadOnlySpan<byte> tail)
    {
        var at = tail.LastIndexOf("\"usage\""u8);
        if (at <= 0 || tail[at - 1] == (byte)'\\')
        {
            return;
        }

        var value = tail[(at + "\"usage\"".Length)..].TrimStart(" :"u8);
        if (value.IsEmpty || value[0] != (byte)'{')
        {
            return;
        }

        try
        {
            var reader = new Utf8JsonReader(value);
            using var document = JsonDocument.ParseValue(ref reader);
            var told = UsageFields.Read(document.RootElement);
            _final |= !told.IsEmpty;
            _fields = _fields.Then(told);
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException)
        {
            // Cut inside the object: as if it had not been told.
        }
    }
}

/// <summary>Finds the usage in a stream of server-sent events while its bytes are passed on untouched.</summary>
public abstract class StreamUsageReader
{
    /// <summary>The latest usage seen; null before the first.</summary>
    public abstract TokenUsage? Usage { get; }

    /// <summary>What the provider says that the call cost, in US dollars; null where it says nothing.</summary>
    public abstract decimal? CostUsd { get; }

    /// <summary>True once the usage seen is the call's last word.</summary>
    public abstract bool IsFinal { get; }

    /// <summary>A failure that arrived inside the stream after a 200; null where there was none.</summary>
    public abstract ResponseReading? Failure { get; }

    /// <summary>True once something of the answer itself went by, and not its opening alone; also where an event is of no known kind.</summary>
    public abstract bool HasContent { get; }

    /// <summary>True while a stream of a known kind has not come to the event that ends it.</summary>
    public abstract bool LacksEnd { get; }

    /// <summary>True once the event went by after which an API's streams have no other one, whether or not the connection ends with it.</summary>
    public abstract bool IsOver { get; }

    /// <summary>Takes the next bytes, cut anywhere.</summary>
    public abstract void Append(ReadOnlySpan<byte> chunk);
}

/// <summary>Finds the usage in events that a stream carries in a form of its own.</summary>
/// <param name="events">Keeps what the events tell, as if they were server-sent.</param>
internal abstract class CarriedEventsReader(SseUsageReader events) : StreamUsageReader
{
    /// <inheritdoc/>
    public sealed override TokenUsage? Usage => events.Usage;

    /// <inheritdoc/>
    public sealed override decimal? CostUsd => events.CostUsd;

    /// <inheritdoc/>
    public sealed override bool IsOver => events.IsOver;

    /// <inheritdoc/>
    public sealed override bool IsFinal => events.IsFinal;

    /// <inheritdoc/>
    public sealed override ResponseReading? Failure => events.Failure;

    /// <inheritdoc/>
    public sealed override bool HasContent => events.HasContent;

    /// <inheritdoc/>
    public sealed override bool LacksEnd => events.LacksEnd;

    /// <summary>What keeps that which the events tell.</summary>
    protected SseUsageReader Events => events;
}
