using System.Text.Json;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Providers.Translation.Conversations;

namespace FuncLimiter.Providers.Translation.Anthropic;

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
