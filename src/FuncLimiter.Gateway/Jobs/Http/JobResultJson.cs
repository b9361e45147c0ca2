using System.Text.Json;
using System.Text.Unicode;
using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Gateway.Jobs.Http;

/// <summary>Writes how one call of a job ended.</summary>
internal static class JobResultJson
{
    /// <summary>An answer nested deeper than this is given as a text.</summary>
    private const int DeepestBody = 512;

    public static ReadOnlySpan<byte> State(JobItemState state) => state switch
    {
        JobItemState.Waiting => "waiting"u8,
        JobItemState.Running => "running"u8,
        JobItemState.Succeeded => "succeeded"u8,
        JobItemState.Failed => "failed"u8,
        JobItemState.Cancelled => "cancelled"u8,
        _ => "expired"u8,
    };

    public static void Write(Utf8JsonWriter json, JobItemResult result)
    {
        json.WriteStartObject();
        json.WriteString("state"u8, State(result.State));
        json.WriteString("endedAt"u8, result.EndedAt);
        if (result.Status > 0)
        {
            json.WriteNumber("status"u8, result.Status);
            WriteHeaders(json, result.Headers);
            WriteBody(json, result.Body.Span);
        }

        if (result.Deployment is { } deployment)
        {
            json.WriteString("deployment"u8, deployment);
            json.WriteNumber("attempts"u8, result.Attempts);
        }

        WriteUsage(json, result.Usage);
        json.WriteEndObject();
    }

    private static void WriteHeaders(Utf8JsonWriter json, IReadOnlyList<KeyValuePair<string, string>> headers)
    {
        json.WriteStartObject("headers"u8);
        foreach (var group in headers.GroupBy(header => header.Key, header => header.Value, StringComparer.OrdinalIgnoreCase))
        {
            json.WriteString(group.Key, string.Join(", ", group));
        }

        json.WriteEndObject();
    }

    private static void WriteUsage(Utf8JsonWriter json, TokenUsage? usage)
    {
        if (usage is not { } used)
        {
            return;
        }

        json.WriteStartObject("usage"u8);
        json.WriteNumber("inputTokens"u8, used.InputTokens);
        json.WriteNumber("cachedInputTokens"u8, used.CacheReadTokens);
        json.WriteNumber("outputTokens"u8, used.OutputTokens);
        json.WriteEndObject();
    }

    private static void WriteBody(Utf8JsonWriter json, ReadOnlySpan<byte> body)
    {
        if (!Utf8.IsValid(body))
        {
            json.WriteBase64String("bodyBase64"u8, body);
        }
        else if (IsJson(body))
        {
            json.WritePropertyName("body"u8);
            json.WriteRawValue(body, skipInputValidation: true);
        }
        else
        {
            json.WriteString("bodyText"u8, body);
        }
    }

    private static bool IsJson(ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = DeepestBody });
        try
        {
            var any = false;
            while (reader.Read())
            {
                any = true;
            }

            return any;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
