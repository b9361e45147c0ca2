using System.Diagnostics.CodeAnalysis;
using System.IO.Compression;
using ZstdSharp.Unsafe;

namespace FuncLimiter.Gateway.Codings;

/// <summary>The codings of bodies (RFC 9110, 8.4.1, and RFC 8878) that can be undone.</summary>
internal static class ContentCoding
{
    /// <summary>The names of those that can be undone, for people.</summary>
    public const string Known = "gzip, deflate, br and zstd";

    /// <summary>More codings of one body than anybody means.</summary>
    private const int MostCodings = 4;

    /// <summary>What a Zstandard frame may ask to be held of what came before, as a power of two: RFC 8878 recommends 8 MiB.</summary>
    private const int WindowLog = 23;

    /// <summary>Reads the header <c>Content-Encoding</c>.</summary>
    /// <param name="header">Its values, joined by commas; null where it is absent.</param>
    /// <param name="codings">The codings in the order in which they were applied.</param>
    /// <param name="unknown">The first that can't be undone; null where there is none.</param>
    /// <returns>True where all can be undone, also where there are none.</returns>
    public static bool TryRead(string? header, out IReadOnlyList<string> codings, [NotNullWhen(false)] out string? unknown)
    {
        codings = [];
        unknown = null;
        if (string.IsNullOrWhiteSpace(header))
        {
            return true;
        }

        var names = header.ToLowerInvariant().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        codings = [.. names.Where(name => name != "identity")];
        unknown = codings.FirstOrDefault(name => !IsKnown(name)) ?? (codings.Count > MostCodings ? header : null);
        return unknown is null;
    }

    /// <summary>A stream with the codings undone; what is broken in them ends in an <see cref="IOException"/>.</summary>
    public static Stream Undo(Stream coded, IReadOnlyList<string> codings)
    {
        for (var place = codings.Count - 1; place >= 0; place--)
        {
            coded = new UndoneStream(Undo(coded, codings[place]));
        }

        return coded;
    }

    private static bool IsKnown(string name) => name is "gzip" or "x-gzip" or "deflate" or "br" or "zstd";

    private static Stream Undo(Stream coded, string coding)
    {
        switch (coding)
        {
            case "br":
                return new BrotliStream(coded, CompressionMode.Decompress);
            case "zstd":
                var zstd = new ZstdSharp.DecompressionStream(coded, leaveOpen: false);
                zstd.SetParameter(ZSTD_dParameter.ZSTD_d_windowLogMax, WindowLog);
                return zstd;
            case "deflate":
                return new DeflatedStream(coded);
            default:
                return new GZipStream(coded, CompressionMode.Decompress);
        }
    }
}
