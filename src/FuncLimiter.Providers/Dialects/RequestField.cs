using System.Text;
using System.Text.Json;

namespace FuncLimiter.Providers.Dialects;

/// <summary>Which property a name stands for.</summary>
internal static class RequestField
{
    private static readonly (RequestFields Field, string Name, byte[] Bytes)[] Names =
    [
        Named(RequestFields.Model, "model"),
        Named(RequestFields.Stream, "stream"),
        Named(RequestFields.StreamOptions, "stream_options"),
        Named(RequestFields.MaxTokens, "max_tokens"),
        Named(RequestFields.MaxCompletionTokens, "max_completion_tokens"),
        Named(RequestFields.MaxOutputTokens, "max_output_tokens"),
        Named(RequestFields.N, "n"),
        Named(RequestFields.BestOf, "best_of"),
        Named(RequestFields.Messages, "messages"),
        Named(RequestFields.Input, "input"),
        Named(RequestFields.System, "system"),
        Named(RequestFields.Instructions, "instructions"),
        Named(RequestFields.Tools, "tools"),
        Named(RequestFields.Functions, "functions"),
        Named(RequestFields.ResponseFormat, "response_format"),
        Named(RequestFields.Text, "text"),
        Named(RequestFields.Prompt, "prompt"),
        Named(RequestFields.PreviousResponse, "previous_response_id"),
        Named(RequestFields.Conversation, "conversation"),
    ];

    /// <summary>The property that the reader stands at; null where nobody asks for it. Escapes in the name are seen through.</summary>
    public static RequestFields? Of(ref Utf8JsonReader reader)
    {
        foreach (var (field, _, bytes) in Names)
        {
            if (reader.ValueTextEquals(bytes))
            {
                return field;
            }
        }

        return null;
    }

    /// <summary>The name of a property.</summary>
    public static string NameOf(RequestFields field) => Array.Find(Names, entry => entry.Field == field).Name;

    private static (RequestFields Field, string Name, byte[] Bytes) Named(RequestFields field, string name) =>
        (field, name, Encoding.ASCII.GetBytes(name));
}
