namespace FuncLimiter.Gateway.Calls.Upstream;

/// <summary>
/// Counts the server-sent events that went by. Providers send about one event a token, so that a stream which breaks off
/// before it told its usage still has an honest figure.
/// </summary>
internal struct EventTally
{
    private bool _endedWithNewline;

    /// <summary>How many events are complete.</summary>
    public long Events { get; private set; }

    /// <summary>True where no event is cut: at the end of one, or at the beginning.</summary>
    public bool IsBetweenEvents { get; private set; } = true;

    /// <summary>Nothing yet.</summary>
    public EventTally()
    {
    }

    /// <summary>Takes the next bytes, cut anywhere.</summary>
    public void Append(ReadOnlySpan<byte> chunk)
    {
        if (chunk.IsEmpty)
        {
            return;
        }

        if (_endedWithNewline && chunk[0] == '\n')
        {
            Events++;
        }

        Events += MemoryExtensions.Count(chunk, "\n\n"u8) + MemoryExtensions.Count(chunk, "\n\r\n"u8);
        IsBetweenEvents = chunk.EndsWith("\n\n"u8) || chunk.EndsWith("\n\r\n"u8) || (_endedWithNewline && chunk is [(byte)'\n']);
        _endedWithNewline = chunk[^1] == '\n' && !IsBetweenEvents;
    }
}
