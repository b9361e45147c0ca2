using System.Text.Json;

namespace FuncLimiter.Providers.Responses;

/// <summary>What matters in the JSON of a 200, found in one pass that skips the rest.</summary>
internal ref struct AnswerBody
{
    /// <summary>What some servers write at the beginning of UTF-8.</summary>
    public static ReadOnlySpan<byte> ByteOrderMark => "\uFEFF"u8;

    private const int MaxDepth = 128;
    private const int MaxSmallBody = 1024 * 1024;

    /// <summary>The usage; empty where there is none.</summary>
    public UsageFields Usage { get; private set; }

    /// <summary>The error that came in place of an answer.</summary>
    public ErrorBody? Error { get; private set; }

    /// <summary>The state of a batch.</summary>
    public BatchStatus? Batch { get; private set; }

    /// <summary>An event that tells limits; undefined where the body is none.</summary>
    public JsonElement LimitsEvent { get; private set; }

    private bool _isError;
    private bool _isBatch;
    private bool _isLimitsEvent;

    /// <summary>Reads a body; what is broken or foreign is passed over.</summary>
    public static AnswerBody Read(ReadOnlySpan<byte> body)
    {
        var answer = default(AnswerBody);

        // While they wait, some providers send blank lines ahead of the body; some write a byte order mark.
        body = body.StartsWith(ByteOrderMark) ? body[ByteOrderMark.Length..] : body;
        var start = body.IndexOfAnyExcept(" \t\r\n"u8);
        if (start < 0 || body[start] is not ((byte)'{' or (byte)'['))
        {
            return answer;
        }

        body = body[start..];
        try
        {
            var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = MaxDepth });
            answer.Scan(ref reader);
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException)
        {
            // What was found before the break stands.
        }

        if (answer._isError)
        {
            answer.Error = ErrorBody.Parse(body);
        }
        else if ((answer._isBatch || answer._isLimitsEvent) && body.Length <= MaxSmallBody && TryParse(body) is { } root)
        {
            answer.Batch = answer._isBatch ? BatchBody.Read(root) : null;
            answer.LimitsEvent = answer._isLimitsEvent ? root : default;
        }

        return answer;
    }

    private void Scan(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.StartObject)
        {
            ScanObject(ref reader);
            return;
        }

        // Google streams an array of objects, and wraps some errors in one.
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            ScanObject(ref reader);
        }
    }

    private void ScanObject(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isUsage = reader.ValueTextEquals("usage"u8) || reader.ValueTextEquals("usageMetadata"u8) || reader.ValueTextEquals("meta"u8);
            var isFailure = reader.ValueTextEquals("error"u8);
            var isKind = reader.ValueTextEquals("type"u8) || reader.ValueTextEquals("object"u8);
            var isState = reader.ValueTextEquals("state"u8);
            _isBatch |= reader.ValueTextEquals("jobArn"u8) || reader.ValueTextEquals("batchStats"u8);
            var isMetadata = reader.ValueTextEquals("metadata"u8);
            var isChoices = reader.ValueTextEquals("choices"u8);
            reader.Read();

            if (isUsage && reader.TokenType == JsonTokenType.StartObject)
            {
                using var document = JsonDocument.ParseValue(ref reader);
                Usage = Usage.Then(UsageFields.Read(document.RootElement));
            }
            else if (isMetadata && reader.TokenType == JsonTokenType.StartObject)
            {
                using var document = JsonDocument.ParseValue(ref reader);
                _isBatch |= Json.TryGet(document.RootElement, "batchStats", out _);
            }
            else if (isChoices && reader.TokenType == JsonTokenType.StartArray)
            {
                ScanChoices(ref reader);
            }
            else
            {
                _isError |= isFailure && IsFailure(reader);
                NoteKind(ref reader, isKind, isState);
                reader.Skip();
            }
        }
    }

    // Who serves through others tells a failure of theirs in the choice that they did not give.
    private void ScanChoices(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                reader.Skip();
                continue;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isFailure = reader.ValueTextEquals("error"u8);
                reader.Read();
                _isError |= isFailure && IsFailure(reader);
                reader.Skip();
            }
        }
    }

    /// <summary>Whether the value says anything: an empty text or object says that there was no failure.</summary>
    private static bool IsFailure(Utf8JsonReader value) =>
        (value.TokenType == JsonTokenType.String && (value.HasValueSequence || value.ValueSpan.Length > 0))
        || (value.TokenType == JsonTokenType.StartObject && value.Read() && value.TokenType != JsonTokenType.EndObject);

    private void NoteKind(ref Utf8JsonReader reader, bool isKind, bool isState)
    {
        if (reader.TokenType != JsonTokenType.String || !(isKind || isState))
        {
            return;
        }

        if (isState)
        {
            _isBatch |= reader.ValueSpan.StartsWith("JOB_STATE_"u8) || reader.ValueSpan.StartsWith("BATCH_STATE_"u8);
            return;
        }

        _isError |= reader.ValueTextEquals("error"u8);
        _isBatch |= reader.ValueTextEquals("batch"u8) || reader.ValueTextEquals("message_batch"u8);
        _isLimitsEvent |= reader.ValueTextEquals("rate_limits.updated"u8);
    }

    private static JsonElement? TryParse(ReadOnlySpan<byte> body)
    {
        try
        {
            var reader = new Utf8JsonReader(body);
            using var document = JsonDocument.ParseValue(ref reader);
            return document.RootElement.Clone();
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}

/// <summary>OpenAI's realtime event <c>rate_limits.updated</c>.</summary>
internal static class LimitsEvent
{
    /// <summary>Adds the limits that the event tells; an undefined element adds none.</summary>
    public static void Read(JsonElement root, LimitTable limits)
    {
        if (Json.At(root, "rate_limits") is not { ValueKind: JsonValueKind.Array } told)
        {
            return;
        }

        foreach (var item in told.EnumerateArray())
        {
            if (Json.Word(item, "name") is { Length: > 0 and < 64 } name)
            {
                var limit = new NamedLimit(Known(item, "limit"), Known(item, "remaining"), Known(item, "reset_seconds"));
                limits.Add(name, limit, LimitNames.DimensionOf(name), null);
            }
        }
    }

    private static double? Known(JsonElement item, string name) => Json.NumberAt(item, name) is >= 0 and var number ? number : null;
}
