using System.Text.Json;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Providers.Translation.Conversations;

namespace FuncLimiter.Providers.Translation.OpenAI;

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
