using System.Text.Encodings.Web;
using System.Text.Json;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Responses;
using FuncLimiter.Providers.Translation.Conversations;
using FuncLimiter.Providers.Translation.Streams;

namespace FuncLimiter.Providers.Translation.Anthropic;

/// <summary>
/// Writes the events of a streamed message (Anthropic: streaming messages). Input tokens, which others tell at the end only, stand in the last
/// <c>message_delta</c>, where Anthropic repeats them.
/// </summary>
internal sealed class MessagesStreamWriter(AnswerTerms terms) : ReplyStreamWriter(Dialect.Anthropic, terms)
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private int _block = -1;
    private bool _isText;
    private int? _slot;
    private bool _hasArguments;
    private StopKind _stop;
    private string? _stopText;

    /// <inheritdoc/>
    public override void Begin(string? id, string? model)
    {
        var json = BeginTyped("message_start");
        json.WriteStartObject("message");
        MessagesReplyWriter.WriteHead(json, id ?? Terms.Id, model ?? Terms.Model);
        json.WriteStartArray("content");
        json.WriteEndArray();
        json.WriteNull("stop_reason");
        json.WriteNull("stop_sequence");
        MessagesReplyWriter.WriteUsage(json, Used ?? default);
        json.WriteEndObject();
        EndEvent();
    }

    /// <inheritdoc/>
    public override void Text(string text)
    {
        if (!_isText)
        {
            EndBlock();
            var json = BeginBlock();
            json.WriteString("type", "text");
            json.WriteString("text", "");
            json.WriteEndObject();
            EndEvent();
            _isText = true;
        }

        WriteDelta("text_delta", "text", text);
    }

    /// <inheritdoc/>
    public override void BeginCall(int slot, string id, string name)
    {
        EndBlock();
        (_slot, _hasArguments) = (slot, false);
        var json = BeginBlock();
        json.WriteString("type", "tool_use");
        json.WriteString("id", id);
        json.WriteString("name", name);
        json.WriteStartObject("input");
        json.WriteEndObject();
        json.WriteEndObject();
        EndEvent();
    }

    /// <inheritdoc/>
    public override void Arguments(int slot, string fragment)
    {
        if (slot != _slot)
        {
            throw new TranslationException("The provider's stream mixes the pieces of several tool calls.");
        }

        _hasArguments = true;
        WriteDelta("input_json_delta", "partial_json", fragment);
    }

    /// <inheritdoc/>
    public override void EndCall(int slot)
    {
        if (slot == _slot)
        {
            if (!_hasArguments)
            {
                Arguments(slot, "{}");
            }

            EndBlock();
        }
    }

    /// <summary>Passes on an event that is Anthropic's own.</summary>
    public void PassOn(JsonElement told)
    {
        var type = Json.Word(told, "type") is { } named && named.All(letter => char.IsAsciiLetterLower(letter) || letter == '_') ? named : "message";
        Raw($"event: {type}\ndata: {JsonSerializer.Serialize(told, Plain)}\n\n");
        if (type is "message_stop" or "error")
        {
            Close();
        }
    }

    /// <summary>The end is told once the usage is known, which others tell after it.</summary>
    protected override void OnStop(StopKind stop, string? stopText)
    {
        EndBlock();
        (_stop, _stopText) = (stop, stopText);
    }

    /// <inheritdoc/>
    protected override void OnEnd()
    {
        EndBlock();
        var json = BeginTyped("message_delta");
        json.WriteStartObject("delta");
        json.WriteString("stop_reason", MessagesStop.Word(_stop, _stopText));
        json.WriteString("stop_sequence", _stopText);
        json.WriteEndObject();
        MessagesReplyWriter.WriteUsage(json, Used ?? default);
        EndEvent();
        BeginTyped("message_stop");
        EndEvent();
    }

    private Utf8JsonWriter BeginTyped(string type)
    {
        var json = BeginEvent(type);
        json.WriteString("type", type);
        return json;
    }

    private Utf8JsonWriter BeginBlock()
    {
        _block++;
        var json = BeginTyped("content_block_start");
        json.WriteNumber("index", _block);
        json.WriteStartObject("content_block");
        return json;
    }

    private void WriteDelta(string type, string name, string text)
    {
        var json = BeginTyped("content_block_delta");
        json.WriteNumber("index", _block);
        json.WriteStartObject("delta");
        json.WriteString("type", type);
        json.WriteString(name, text);
        json.WriteEndObject();
        EndEvent();
    }

    private void EndBlock()
    {
        if (_isText || _slot is not null)
        {
            BeginTyped("content_block_stop").WriteNumber("index", _block);
            EndEvent();
            (_isText, _slot) = (false, null);
        }
    }
}

/// <summary>Writes a message as Anthropic answers it (Anthropic API reference: create a message).</summary>
internal static class MessagesReplyWriter
{
    /// <summary>Writes an answer.</summary>
    public static void Write(Utf8JsonWriter json, Reply reply, AnswerTerms terms)
    {
        json.WriteStartObject();
        WriteHead(json, reply.Id ?? terms.Id, reply.Model ?? terms.Model);
        json.WriteStartArray("content");
        foreach (var part in reply.Parts)
        {
            MessagesRequestWriter.WriteBlock(json, part);
        }

        json.WriteEndArray();
        json.WriteString("stop_reason", MessagesStop.Word(reply.Stop, reply.StopText));
        json.WriteString("stop_sequence", reply.StopText);
        WriteUsage(json, reply.Usage ?? default);
        json.WriteEndObject();
    }

    /// <summary>Writes what an answer and the beginning of a stream have in common.</summary>
    public static void WriteHead(Utf8JsonWriter json, string id, string model)
    {
        json.WriteString("id", $"msg_{id}");
        json.WriteString("type", "message");
        json.WriteString("role", "assistant");
        json.WriteString("model", model);
    }

    /// <summary>Writes the usage; input read from and written to a cache stands beside the rest.</summary>
    public static void WriteUsage(Utf8JsonWriter json, in TokenUsage usage)
    {
        json.WriteStartObject("usage");
        json.WriteNumber("input_tokens", Math.Max(0, usage.InputTokens - usage.CacheReadTokens - usage.CacheWriteTokens));
        json.WriteNumber("cache_creation_input_tokens", usage.CacheWriteTokens);
        json.WriteNumber("cache_read_input_tokens", usage.CacheReadTokens);
        json.WriteNumber("output_tokens", usage.OutputTokens);
        json.WriteEndObject();
    }
}
