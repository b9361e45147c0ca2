namespace FuncLimiter.Simulation.Providers.Requests;

/// <summary>FNV-1a over a growing prompt, with marks where a prompt cache could have stopped before.</summary>
/// <param name="steps">Whether to mark every step, as OpenAI does, rather than only where told.</param>
internal sealed class PrefixHash(bool steps)
{
    /// <summary>OpenAI's cache grows in steps of 128 tokens, which are 512 bytes at the usual 4 a token.</summary>
    public const int StepBytes = 512;

    private const ulong Start = 14695981039346656037;
    private const ulong Prime = 1099511628211;
    private int _untilStep = StepBytes;

    public ulong Value { get; private set; } = Start;

    public long Bytes { get; private set; }

    public List<PrefixMark> Marks { get; } = [];

    /// <summary>The hash of a whole text.</summary>
    public static ulong Of(ReadOnlySpan<byte> text) => Mix(Start, text);

    public void Add(ReadOnlySpan<byte> text)
    {
        while (steps && text.Length >= _untilStep)
        {
            Append(text[.._untilStep]);
            text = text[_untilStep..];
            _untilStep = StepBytes;
            Marks.Add(new PrefixMark(Value, Bytes, Breakpoint: false));
        }

        Append(text);
        _untilStep -= steps ? text.Length : 0;
    }

    /// <summary>Marks this place, unless steps are marked or nothing came since the last mark.</summary>
    public void Mark(long characters, bool breakpoint)
    {
        if (steps)
        {
            return;
        }

        if (Marks.Count > 0 && Marks[^1].Hash == Value)
        {
            Marks[^1] = Marks[^1] with { Breakpoint = Marks[^1].Breakpoint || breakpoint };
            return;
        }

        Marks.Add(new PrefixMark(Value, characters, breakpoint));
    }

    private static ulong Mix(ulong hash, ReadOnlySpan<byte> text)
    {
        foreach (var b in text)
        {
            hash = (hash ^ b) * Prime;
        }

        return hash;
    }

    private void Append(ReadOnlySpan<byte> text)
    {
        Value = Mix(Value, text);
        Bytes += text.Length;
    }
}

/// <summary>A place in a prompt up to which a cache could know it.</summary>
/// <param name="Hash">The hash of everything before it.</param>
/// <param name="Characters">How many characters stand before it.</param>
/// <param name="Breakpoint">Whether the caller asked for the cache to be written here.</param>
internal readonly record struct PrefixMark(ulong Hash, long Characters, bool Breakpoint);
