using System.Buffers.Binary;

namespace FuncLimiter.Providers.Dialects;

/// <summary>
/// A hash of the first 4,096 bytes of a prompt's text, in the order in which the request has it: some 1,024 tokens, the shortest beginning
/// that OpenAI and Anthropic keep cached (their prompt caching guides).
/// </summary>
internal struct PromptPrefix
{
    private const int Bytes = 4096;
    private const ulong Prime = 0x9E3779B97F4A7C15;
    private ulong _hash;
    private int _seen;

    /// <summary>The hash; 0 where the prompt is shorter.</summary>
    public readonly long Value => _seen < Bytes ? 0 : (long)(_hash | 1);

    /// <summary>Takes the next part of the text.</summary>
    public void Add(ReadOnlySpan<byte> text)
    {
        text = text[..Math.Min(text.Length, Bytes - _seen)];
        _seen += text.Length;
        for (; text.Length >= sizeof(ulong); text = text[sizeof(ulong)..])
        {
            Mix(BinaryPrimitives.ReadUInt64LittleEndian(text));
        }

        foreach (var last in text)
        {
            Mix(last);
        }
    }

    private void Mix(ulong word) => _hash = (ulong.RotateLeft(_hash, 29) ^ word) * Prime;
}
