using System.Buffers;
using System.Text;
using System.Text.Json;

namespace FuncLimiter.Simulation.Providers.Requests;

/// <summary>Goes through the prompt's JSON once: how much text, how many images, what the last message wants.</summary>
internal sealed class PromptScan(PrefixHash? prefix)
{
    private bool _fromUser;
    private bool _asksForTool;
    private bool _toolResult;
    private int _breakpointDepth = -1;

    public long Characters { get; private set; }

    public int Images { get; private set; }

    public int Messages { get; private set; }

    /// <summary>Prompts may come as token ids; each number is a token.</summary>
    public long TokenIds { get; private set; }

    public PrefixHash? Prefix => prefix;

    /// <summary>The last message is the user's and asks for a tool to be called.</summary>
    public bool LastAsksForTool { get; private set; }

    /// <summary>The last message brings a tool's result.</summary>
    public bool LastIsToolResult { get; private set; }

    /// <summary>Counts a text that stands outside the messages, such as the tools' definitions.</summary>
    public void AddRaw(ReadOnlySpan<byte> text)
    {
        Characters += Encoding.UTF8.GetCharCount(text);
        prefix?.Add(text);
        prefix?.Mark(Characters, breakpoint: text.IndexOf("\"cache_control\""u8) >= 0);
    }

    /// <summary>Goes through one value: a text, or a list of messages or blocks.</summary>
    /// <param name="json">The value's JSON.</param>
    /// <param name="messages">Whether it is the conversation, and its elements messages.</param>
    public void Add(ReadOnlySpan<byte> json, bool messages)
    {
        var reader = new Utf8JsonReader(json);
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    Property(ref reader);
                    break;
                case JsonTokenType.StartObject when messages && reader.CurrentDepth == 1:
                    (_fromUser, _asksForTool, _toolResult) = (false, false, false);
                    break;
                case JsonTokenType.EndObject:
                    EndBlock(reader.CurrentDepth, messages && reader.CurrentDepth == 1);
                    break;
                case JsonTokenType.String:
                    Text(ref reader, message: messages && reader.CurrentDepth <= 1);
                    break;
                case JsonTokenType.Number when messages:
                    TokenIds++;
                    break;
            }
        }
    }

    private static bool IsOpaque(ref Utf8JsonReader reader) =>
        reader.ValueTextEquals("id"u8) || reader.ValueTextEquals("tool_call_id"u8) || reader.ValueTextEquals("call_id"u8)
        || reader.ValueTextEquals("tool_use_id"u8) || reader.ValueTextEquals("image_url"u8) || reader.ValueTextEquals("source"u8)
        || reader.ValueTextEquals("input_audio"u8) || reader.ValueTextEquals("file"u8) || reader.ValueTextEquals("file_data"u8)
        || reader.ValueTextEquals("signature"u8) || reader.ValueTextEquals("encrypted_content"u8) || reader.ValueTextEquals("detail"u8)
        || reader.ValueTextEquals("status"u8);

    private void Property(ref Utf8JsonReader reader)
    {
        if (reader.ValueTextEquals("cache_control"u8))
        {
            var block = reader.CurrentDepth - 1;
            reader.Read();
            _breakpointDepth = reader.TokenType == JsonTokenType.StartObject ? block : _breakpointDepth;
            reader.Skip();
        }
        else if (reader.ValueTextEquals("role"u8))
        {
            reader.Read();
            _fromUser = reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("user"u8);
            _toolResult |= reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("tool"u8);
            reader.Skip();
        }
        else if (reader.ValueTextEquals("type"u8))
        {
            reader.Read();
            Kind(ref reader);
            reader.Skip();
        }
        else if (IsOpaque(ref reader))
        {
            reader.Read();
            reader.Skip();
        }
    }

    private void Kind(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.String)
        {
            return;
        }

        _toolResult |= reader.ValueTextEquals("tool_result"u8) || reader.ValueTextEquals("function_call_output"u8);
        if (reader.ValueTextEquals("image_url"u8) || reader.ValueTextEquals("input_image"u8) || reader.ValueTextEquals("image"u8))
        {
            Images++;
        }
    }

    private void EndBlock(int depth, bool message)
    {
        prefix?.Mark(Characters, breakpoint: depth == _breakpointDepth);
        _breakpointDepth = depth == _breakpointDepth ? -1 : _breakpointDepth;
        if (message)
        {
            Messages++;
            LastAsksForTool = _fromUser && _asksForTool && !_toolResult;
            LastIsToolResult = _toolResult;
        }
    }

    private void Text(ref Utf8JsonReader reader, bool message)
    {
        var rented = reader.ValueIsEscaped ? ArrayPool<byte>.Shared.Rent(reader.ValueSpan.Length) : null;
        var text = rented is null ? reader.ValueSpan : rented.AsSpan(0, reader.CopyString(rented));
        Characters += Encoding.UTF8.GetCharCount(text);
        prefix?.Add(text);

        // Whatever the case of its first letter.
        _asksForTool |= text.IndexOf("all the tool"u8) >= 0;
        if (message)
        {
            Messages++;
            LastAsksForTool = text.IndexOf("all the tool"u8) >= 0;
        }

        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }
}
