using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace FuncLimiter.Providers.Dialects;

/// <summary>
/// Hashes of the beginnings of a prompt's text, in the order in which the request has it: of the first 4,096 bytes, which are some 1,024
/// tokens, the shortest beginning that OpenAI and Anthropic keep cached (their prompt caching guides), and of twice as many each time, up to
/// 128 KiB. Calls of one workflow often share the first, calls of one conversation the longer ones too.
/// </summary>
internal struct PromptPrefix
{
    private const int Shortest = 4096;
    private const int Lengths = 6;
    private const ulong Prime = 0x9E3779B97F4A7C15;
    private Marks _marks;
    private int _count;
    private ulong _hash;
    private int _seen;

    /// <summary>The hashes, of the shortest beginning first; none where the prompt is shorter than that.</summary>
    public readonly IReadOnlyList<long> Values => _count == 0 ? [] : ((ReadOnlySpan<long>)_marks)[.._count].ToArray();

    /// <summary>Takes the next part of the text.</summary>
    public void Add(ReadOnlySpan<byte> text)
    {
        while (_count < Lengths && text.Length > 0)
        {
            var part = text[..Math.Min(text.Length, (Shortest << _count) - _seen)];
            Mix(part);
            text = text[part.Length..];
            _seen += part.Length;
            if (_seen == Shortest << _count)
            {
                _marks[_count++] = (long)(_hash | 1);
            }
        }
    }

    private void Mix(ReadOnlySpan<byte> text)
    {
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

    [InlineArray(Lengths)]
    private struct Marks
    {
        private long _first;
    }
}
