using System.Buffers;

namespace FuncLimiter.Providers.Dialects;

/// <summary>
/// Tells images, sounds and files, which models see as such and providers count by rules of their own, from text: by the name of the property
/// that holds them and by their bytes, however JSON escapes or wraps these.
/// </summary>
internal static class EncodedMedia
{
    /// <summary>A shorter string is counted as text: its tokens hardly matter.</summary>
    private const int LeastBytes = 256;

    /// <summary>No address is longer, signed ones included.</summary>
    private const int MostAddressBytes = 8_192;

    /// <summary>
    /// Base64 is wrapped after 64 characters or 76; words are shorter. So of what breaks lines, or parts words, there is less than one in so
    /// many bytes.
    /// </summary>
    private const int BytesPerBreak = 12;

    /// <summary>The letters of base64 and base64url, and what JSON writes in place of some, or between lines.</summary>
    private static readonly SearchValues<byte> Alphabet =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_\\ "u8);

    /// <summary>Whether media may stand in a property; what stands in any other is text.</summary>
    public static bool MayStandIn(ReadOnlySpan<byte> name) => name.Length switch
    {
        3 => name.SequenceEqual("url"u8),
        4 => name.SequenceEqual("data"u8),
        5 => name.SequenceEqual("bytes"u8) || name.SequenceEqual("image"u8),
        6 => name.SequenceEqual("result"u8) || name.SequenceEqual("images"u8),
        7 => name.SequenceEqual("fileUri"u8),
        8 => name.SequenceEqual("b64_json"u8) || name.SequenceEqual("file_url"u8) || name.SequenceEqual("file_uri"u8),
        9 => name.SequenceEqual("image_url"u8) || name.SequenceEqual("file_data"u8) || name.SequenceEqual("video_url"u8)
            || name.SequenceEqual("audio_url"u8),
        10 => name.SequenceEqual("screenshot"u8),
        17 => name.SequenceEqual("partial_image_b64"u8),
        _ => false,
    };

    /// <summary>Whether a string of such a property is media, or the address of some.</summary>
    /// <param name="value">The string as the body has it, escapes included.</param>
    public static bool Is(ReadOnlySpan<byte> value) =>
        (value.StartsWith("http"u8) && value.Length <= MostAddressBytes && !value.Contains((byte)' '))
        || IsBase64(WithoutHead(value, out var isMarked), isMarked);

    /// <summary>What follows the head of a data URL, which says that base64 follows; else the whole.</summary>
    private static ReadOnlySpan<byte> WithoutHead(ReadOnlySpan<byte> value, out bool isMarked)
    {
        isMarked = false;
        if (!value.StartsWith("data:"u8))
        {
            return value;
        }

        var head = value[..Math.Min(value.Length, LeastBytes)];
        var comma = head.IndexOf((byte)',');
        isMarked = comma >= 0 && head[..comma].EndsWith(";base64"u8);
        return isMarked ? value[(comma + 1)..] : value;
    }

    private static bool IsBase64(ReadOnlySpan<byte> value, bool isMarked)
    {
        if ((value.Length < LeastBytes && !isMarked) || value.IndexOfAnyExcept(Alphabet) >= 0)
        {
            return false;
        }

        long breaks = value.Count((byte)' ') + value.Count("\\n"u8) + value.Count("\\r"u8) + value.Count("\\t"u8);
        return breaks * BytesPerBreak <= value.Length;
    }
}
