using System.Text.Json;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Translation.Conversations;
using FuncLimiter.Providers.Translation.Streams;

namespace FuncLimiter.Providers.Translation.OpenAI;

/// <summary>Writes the chunks of a streamed chat completion (OpenAI API reference: streaming).</summary>
internal sealed class ChatStreamWriter(Dialect dialect, AnswerTerms terms) : ReplyStreamWriter(dialect, terms)
{
    private string _id = terms.Id;
    private string _model = terms.Model;
    private int _calls = -1;
    private int _slot = -1;
    private bool _hasArguments;

    /// <inheritdoc/>
    public override void Begin(string? id, string? model)
    {
        (_id, _model) = (id ?? _id, model ?? _model);
        var json = BeginChunk();
        json.WriteString("role", "assistant");
        json.WriteString("content", "");
        json.WriteNull("refusal");
        EndChunk(null);
    }

    /// <inheritdoc/>
    public override void Text(string text)
    {
        BeginChunk().WriteString("content", text);
        EndChunk(null);
    }

    /// <inheritdoc/>
    public override void BeginCall(int slot, string id, string name)
    {
        (_slot, _hasArguments) = (slot, false);
        _calls++;
        var json = BeginCallPiece();
        json.WriteString("id", id);
        json.WriteString("type", "function");
        json.WriteStartObject("function");
        json.WriteString("name", name);
        json.WriteString("arguments", "");
        EndCallPiece(json);
    }

    /// <inheritdoc/>
    public override void Arguments(int slot, string fragment)
    {
        if (slot != _slot)
        {
            throw new TranslationException("The provider's stream mixes the pieces of several tool calls.");
        }

        if (fragment.Length == 0)
        {
            return;
        }

        _hasArguments = true;
        var json = BeginCallPiece();
        json.WriteStartObject("function");
        json.WriteString("arguments", fragment);
        EndCallPiece(json);
    }

    /// <summary>A call without arguments has an empty object, as its text must be JSON.</summary>
    public override void EndCall(int slot)
    {
        if (slot == _slot && !_hasArguments)
        {
            Arguments(slot, "{}");
        }
    }

    /// <inheritdoc/>
    protected override void OnStop(StopKind stop, string? stopText)
    {
        BeginChunk();
        EndChunk(ChatStop.Word(stop));
    }

    /// <inheritdoc/>
    protected override void OnEnd()
    {
        if (Terms.StreamUsage && Used is { } usage)
        {
            var json = BeginEvent(null);
            ChatReplyWriter.WriteHead(json, "chat.completion.chunk", _id, _model, Terms);
            json.WriteStartArray("choices");
            json.WriteEndArray();
            ChatReplyWriter.WriteUsage(json, usage);
            EndEvent();
        }

        Raw("data: [DONE]\n\n");
    }

    private Utf8JsonWriter BeginChunk()
    {
        var json = BeginEvent(null);
        ChatReplyWriter.WriteHead(json, "chat.completion.chunk", _id, _model, Terms);
        json.WriteStartArray("choices");
        json.WriteStartObject();
        json.WriteNumber("index", 0);
        json.WriteStartObject("delta");
        return json;
    }

    private void EndChunk(string? reason)
    {
        var json = Current;
        json.WriteEndObject();
        json.WriteNull("logprobs");
        json.WriteString("finish_reason", reason);
        json.WriteEndObject();
        json.WriteEndArray();
        if (Terms.StreamUsage)
        {
            json.WriteNull("usage");
        }

        EndEvent();
    }

    private Utf8JsonWriter BeginCallPiece()
    {
        var json = BeginChunk();
        json.WriteStartArray("tool_calls");
        json.WriteStartObject();
        json.WriteNumber("index", _calls);
        return json;
    }

    private void EndCallPiece(Utf8JsonWriter json)
    {
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndArray();
        EndChunk(null);
    }
}

/// <summary>Writes a chat completion (OpenAI API reference: the chat completion object).</summary>
internal static class ChatReplyWriter
{
    /// <summary>Writes an answer with one choice.</summary>
    public static void Write(Utf8JsonWriter json, Reply reply, AnswerTerms terms)
    {
        json.WriteStartObject();
        WriteHead(json, "chat.completion", reply.Id ?? terms.Id, reply.Model ?? terms.Model, terms);
        json.WriteStartArray("choices");
        json.WriteStartObject();
        json.WriteNumber("index", 0);
        json.WriteStartObject("message");
        json.WriteString("role", "assistant");
        json.WriteString("content", reply.Text);
        json.WriteNull("refusal");
        if (reply.Calls.Any())
        {
            json.WriteStartArray("tool_calls");
            foreach (var call in reply.Calls)
            {
                ChatRequestWriter.WriteCall(json, call);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
        json.WriteNull("logprobs");
        json.WriteString("finish_reason", ChatStop.Word(reply.Stop));
        json.WriteEndObject();
        json.WriteEndArray();
        if (reply.Usage is { } usage)
        {
            WriteUsage(json, usage);
        }

        json.WriteEndObject();
    }

    /// <summary>Writes what answers and chunks begin with.</summary>
    public static void WriteHead(Utf8JsonWriter json, string kind, string id, string model, AnswerTerms terms)
    {
        json.WriteString("id", $"chatcmpl-{id}");
        json.WriteString("object", kind);
        json.WriteNumber("created", terms.Created.ToUnixTimeSeconds());
        json.WriteString("model", model);
    }

    /// <summary>Writes the usage; cached input is a part of the prompt's tokens.</summary>
    public static void WriteUsage(Utf8JsonWriter json, in TokenUsage usage)
    {
        json.WriteStartObject("usage");
        json.WriteNumber("prompt_tokens", usage.InputTokens);
        json.WriteNumber("completion_tokens", usage.OutputTokens);
        json.WriteNumber("total_tokens", usage.TotalTokens);
        json.WriteStartObject("prompt_tokens_details");
        json.WriteNumber("cached_tokens", usage.CacheReadTokens);
        json.WriteEndObject();
        json.WriteStartObject("completion_tokens_details");
        json.WriteNumber("reasoning_tokens", usage.ReasoningTokens);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
