using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using FuncLimiter.Core.Estimation;

namespace FuncLimiter.Providers.Dialects;

/// <summary>Counts the text and the images of a prompt.</summary>
internal struct PromptCount
{
    /// <summary>What one number of a prompt sent as token ids counts as, in bytes of text.</summary>
    private const int BytesPerTokenId = 4;

    /// <summary>What the chat formats put around each message, in tokens (OpenAI's cookbook: three, and one for the role).</summary>
    private const int TokensPerMessage = 4;

    private TextCount _text;
    private int _messages;

    /// <summary>UTF-8 bytes of text.</summary>
    public int TextBytes { get; private set; }

    /// <summary>Characters of text, as UTF-16 counts them.</summary>
    public int Characters { get; private set; }

    /// <summary>Words that stand after a blank.</summary>
    public readonly double Words => _text.Words;

    /// <summary>The tokens that text and messages come to, before anything is learned of a model.</summary>
    public readonly double Tokens => _text.Tokens + (TokensPerMessage * Math.Max(0, _messages - 1));

    /// <summary>What most of the text is.</summary>
    public readonly ContentKind Content => _text.Content;

    /// <summary>How many images.</summary>
    public int Images { get; private set; }

    /// <summary>The beginning of the text.</summary>
    public PromptPrefix Prefix;

    /// <summary>Whether the last value added was an array or object with something in it.</summary>
    public bool LastHadItems { get; private set; }

    /// <summary>Counts the value at the reader, and leaves the reader at its end.</summary>
    public void AddPrompt(ref Utf8JsonReader reader)
    {
        LastHadItems = false;
        if (reader.TokenType == JsonTokenType.String)
        {
            AddText(ref reader);
        }

        if (reader.TokenType is not (JsonTokenType.StartArray or JsonTokenType.StartObject))
        {
            return;
        }

        var depth = reader.CurrentDepth;
        var role = StringRole.Text;
        while (reader.Read() && reader.CurrentDepth > depth)
        {
            LastHadItems = true;
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    role = RoleOf(ref reader);
                    _messages += role == StringRole.Mark && reader.ValueTextEquals("role"u8) ? 1 : 0;
                    continue;
                case JsonTokenType.String:
                    AddString(ref reader, role);
                    break;
                case JsonTokenType.Number when role == StringRole.Text:
                    TextBytes += BytesPerTokenId;
                    Characters += BytesPerTokenId;
                    _text.AddTokens(1);
                    break;
            }

            // In an array each item is as its property; after one value a property is over.
            role = reader.TokenType is JsonTokenType.StartArray ? role : StringRole.Text;
        }
    }

    /// <summary>Counts a value that the model sees as it is written: tools and schemas.</summary>
    public void AddSchema(ref Utf8JsonReader reader, ReadOnlySpan<byte> body)
    {
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        if (reader.TokenType is JsonTokenType.EndArray or JsonTokenType.EndObject)
        {
            var schema = body[start..(int)reader.BytesConsumed];
            TextBytes += schema.Length;
            Characters += Encoding.UTF8.GetCharCount(schema);
            _text.Add(schema);
        }
    }

    private enum StringRole
    {
        Text,
        Type,
        Media,
        Mark,
    }

    private static StringRole RoleOf(ref Utf8JsonReader reader)
    {
        if (reader.ValueIsEscaped)
        {
            return StringRole.Text;
        }

        var name = reader.ValueSpan;
        return name.SequenceEqual("type"u8) ? StringRole.Type
            : name.SequenceEqual("role"u8) || name.SequenceEqual("id"u8) || name.SequenceEqual("call_id"u8)
                || name.SequenceEqual("tool_call_id"u8) || name.SequenceEqual("tool_use_id"u8) || IsMimeType(name)
                || name.SequenceEqual("encrypted_content"u8) || name.SequenceEqual("signature"u8) || name.SequenceEqual("thought_signature"u8)
                || name.SequenceEqual("thoughtSignature"u8) ? StringRole.Mark
            : EncodedMedia.MayStandIn(name) ? StringRole.Media
            : StringRole.Text;
    }

    private void AddString(ref Utf8JsonReader reader, StringRole role)
    {
        if (role == StringRole.Type)
        {
            Images += IsMedia(reader.ValueSpan) ? 1 : 0;
        }
        else if (role == StringRole.Mark)
        {
            // Documents have the same type as texts; what they are is said by this alone.
            Images += reader.ValueSpan.StartsWith("application"u8) && reader.ValueSpan.EndsWith("pdf"u8) ? 1 : 0;
        }
        else if (role == StringRole.Text || (role == StringRole.Media && !EncodedMedia.Is(reader.ValueSpan)))
        {
            AddText(ref reader);
        }
    }

    private static bool IsMimeType(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("media_type"u8) || name.SequenceEqual("mime_type"u8) || name.SequenceEqual("mimeType"u8);

    private static bool IsMedia(ReadOnlySpan<byte> type) =>
        type.SequenceEqual("image_url"u8) || type.SequenceEqual("input_image"u8) || type.SequenceEqual("image"u8)
        || type.SequenceEqual("image_generation_call"u8) || type.SequenceEqual("computer_screenshot"u8) || type.SequenceEqual("input_audio"u8)
        || type.SequenceEqual("input_file"u8) || type.SequenceEqual("file"u8) || type.SequenceEqual("video_url"u8);

    /// <summary>Counts a string as it is once its escapes are resolved.</summary>
    private void AddText(ref Utf8JsonReader reader)
    {
        var value = reader.ValueSpan;
        Prefix.Add(value);
        _text.Add(value);
        TextBytes += value.Length;
        Characters += Encoding.UTF8.GetCharCount(value);
        if (!reader.ValueIsEscaped)
        {
            return;
        }

        for (var at = value.IndexOf((byte)'\\'); at >= 0; at = value.IndexOf((byte)'\\'))
        {
            // \n is one byte for two, \u4e2d at most three for six.
            var isUnicode = value[at + 1] == (byte)'u';
            TextBytes -= isUnicode ? 3 : 1;
            Characters -= isUnicode ? 5 : 1;
            value = value[(at + (isUnicode ? 6 : 2))..];
        }
    }
}

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
