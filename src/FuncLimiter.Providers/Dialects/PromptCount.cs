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
