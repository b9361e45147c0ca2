using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace FuncLimiter.Providers.Tests.Properties;

/// <summary>Bytes and the lengths of the pieces in which they arrive.</summary>
internal sealed record Cut(byte[] Bytes, int[] Lengths);

internal static class Cuts
{
    private static readonly string[] Fragments =
    [
        "data:", "data: ", "event: error\n", "\n", "\r\n", "\r", "{", "}", "[", "]", ":", ",", "\"", "\\", "\\u00", "null", "0", "-1", "1e999",
        "\"usage\"", "\"error\"", "\"choices\"", "\"choices\":[]", "\"usage\":{\"prompt_tokens\":3}", "\"message\"", "[DONE]", "\"type\":\"error\"",
        "{\"error\":{\"message\":\"Limit 1, Used 2\"}}", "\"message_stop\"", " ", "é", "\uFEFF",
    ];

    /// <summary>Given bytes, cut in any way.</summary>
    public static Gen<Cut> Of(byte[] bytes) => Lengths().Select(lengths => new Cut(bytes, lengths));

    /// <summary>Bytes that are close to what providers send, and broken in every way, cut in any way.</summary>
    public static Gen<Cut> Random()
    {
        var fragment = Gen.OneOf(
            Gen.Elements(Fragments).Select(Encoding.UTF8.GetBytes),
            Gen.Choose(0, 255).Select(value => new[] { (byte)value }));
        return fragment.ListOf()
            .Select(parts => parts.SelectMany(part => part).ToArray())
            .Zip(Lengths(), (bytes, lengths) => new Cut(bytes, lengths));
    }

    /// <summary>The pieces; what the lengths leave over is the last.</summary>
    public static IEnumerable<byte[]> Apply(byte[] bytes, int[] lengths)
    {
        var at = 0;
        foreach (var length in lengths)
        {
            var end = Math.Min(bytes.Length, at + length);
            yield return bytes[at..end];
            at = end;
        }

        yield return bytes[at..];
    }

    private static Gen<int[]> Lengths() => Gen.OneOf(Gen.Choose(0, 4), Gen.Choose(0, 200)).ListOf(300).Select(lengths => lengths.ToArray());
}
