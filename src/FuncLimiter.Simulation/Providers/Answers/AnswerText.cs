using System.Text;

namespace FuncLimiter.Simulation.Providers.Answers;

/// <summary>Text in which every token is one word of three letters and a blank: four bytes.</summary>
internal static class AnswerText
{
    private const int BytesPerToken = 4;
    private const int Words = 2048;
    private static readonly byte[] Twice = Make();

    /// <summary>The text of the tokens from <paramref name="from"/> on; not null-terminated, valid until the process ends.</summary>
    /// <param name="seed">Where in the text an answer begins.</param>
    /// <param name="from">The first token.</param>
    /// <param name="count">How many; above <see cref="MostAtOnce"/> they must be asked for in parts.</param>
    public static ReadOnlySpan<byte> Tokens(ulong seed, int from, int count)
    {
        var start = (int)((seed + (ulong)from) % Words);
        return Twice.AsSpan(start * BytesPerToken, count * BytesPerToken);
    }

    /// <summary>How many tokens can be had in one piece.</summary>
    public const int MostAtOnce = Words;

    private static byte[] Make()
    {
        string[] words = ["the", "and", "for", "are", "but", "not", "you", "all", "can", "had", "her", "was", "one", "our", "out", "day"];
        var text = new StringBuilder();
        var state = 12345u;
        for (var i = 0; i < Words; i++)
        {
            state = (state * 1664525) + 1013904223;
            text.Append(words[state >> 28]).Append(' ');
        }

        var once = text.ToString();
        return Encoding.ASCII.GetBytes(once + once);
    }
}
