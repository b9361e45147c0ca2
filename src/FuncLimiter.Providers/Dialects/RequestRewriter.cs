using System.Text.Encodings.Web;
using System.Text.Json;

namespace FuncLimiter.Providers.Dialects;

/// <summary>Changes single values in a request's bytes; every other byte stays as the caller sent it.</summary>
public static class RequestRewriter
{
    /// <summary>The body with another model; the same memory where it names that model already.</summary>
    /// <param name="body">The body as it was read.</param>
    /// <param name="facts">What was read from it.</param>
    /// <param name="newModel">The model to name. A body that names none, because its path did, gets one.</param>
    public static ReadOnlyMemory<byte> WithModel(ReadOnlyMemory<byte> body, RequestFacts facts, string newModel)
    {
        var quoted = JsonSerializer.SerializeToUtf8Bytes(newModel, Relaxed);
        if (facts.ModelLength == 0)
        {
            return Insert(body, [.. "\"model\":"u8, .. quoted]);
        }

        return IsNamed(body.Span.Slice(facts.ModelOffset, facts.ModelLength), newModel)
            ? body
            : Splice(body, facts.ModelOffset, facts.ModelLength, quoted);
    }

    /// <summary>
    /// The body of a streamed chat call, asking to be told its usage in one more chunk; the same memory where it asks already, or is no
    /// such call.
    /// </summary>
    /// <param name="body">The body, with another model or as it was read.</param>
    /// <param name="facts">What was read from it.</param>
    /// <param name="hide">True where the caller did not ask, so that <see cref="StreamUsageFilter"/> must keep that chunk from it.</param>
    public static ReadOnlyMemory<byte> WithStreamUsage(ReadOnlyMemory<byte> body, RequestFacts facts, out bool hide)
    {
        hide = false;
        if (facts.Operation != Operation.ChatCompletions || !facts.Stream)
        {
            return body;
        }

        var place = StreamOptionsPlace.Find(body.Span);
        if (place.IsAsked)
        {
            return body;
        }

        hide = true;
        return place switch
        {
            { HasUsage: true } => Splice(body, place.Offset, place.Length, "true"u8),
            { IsObject: true } => Insert(body, "\"include_usage\":true"u8, place.Offset),
            { IsThere: true } => Splice(body, place.Offset, place.Length, "{\"include_usage\":true}"u8),
            _ => Insert(body, "\"stream_options\":{\"include_usage\":true}"u8),
        };
    }

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static bool IsNamed(ReadOnlySpan<byte> quoted, string model)
    {
        var reader = new Utf8JsonReader(quoted);
        return reader.Read() && reader.ValueTextEquals(model);
    }

    /// <summary>Puts a property first in the object that begins at or after an offset.</summary>
    private static byte[] Insert(ReadOnlyMemory<byte> body, ReadOnlySpan<byte> property, int from = 0)
    {
        var at = from + body.Span[from..].IndexOf((byte)'{') + 1;
        var isEmpty = body.Span[at..].TrimStart(" \t\r\n"u8) is [(byte)'}', ..];
        return Splice(body, at, 0, isEmpty ? property : [.. property, (byte)',']);
    }

    private static byte[] Splice(ReadOnlyMemory<byte> body, int offset, int length, ReadOnlySpan<byte> replacement)
    {
        var result = new byte[body.Length - length + replacement.Length];
        body.Span[..offset].CopyTo(result);
        replacement.CopyTo(result.AsSpan(offset));
        body.Span[(offset + length)..].CopyTo(result.AsSpan(offset + replacement.Length));
        return result;
    }
}

/// <summary>Where a body speaks of the usage of its stream.</summary>
/// <param name="IsThere">It has <c>stream_options</c>.</param>
/// <param name="IsObject">They are an object.</param>
/// <param name="HasUsage">They name <c>include_usage</c>.</param>
/// <param name="IsAsked">They ask for it.</param>
/// <param name="Offset">Where the value to change begins: that of <c>include_usage</c>, else that of <c>stream_options</c>.</param>
/// <param name="Length">Its length in bytes.</param>
internal readonly record struct StreamOptionsPlace(bool IsThere, bool IsObject, bool HasUsage, bool IsAsked, int Offset, int Length)
{
    /// <summary>Looks through a body that has been read without a problem.</summary>
    public static StreamOptionsPlace Find(ReadOnlySpan<byte> body)
    {
        var mark = body.StartsWith("\uFEFF"u8) ? 3 : 0;
        var reader = new Utf8JsonReader(body[mark..], new JsonReaderOptions { MaxDepth = RequestReader.MaxDepth });
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isSought = reader.ValueTextEquals("stream_options"u8);
            reader.Read();
            if (isSought)
            {
                return Look(ref reader, mark);
            }

            reader.Skip();
        }

        return default;
    }

    private static StreamOptionsPlace Look(ref Utf8JsonReader reader, int mark)
    {
        var start = (int)reader.TokenStartIndex;
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return new StreamOptionsPlace(true, false, false, false, start + mark, (int)reader.BytesConsumed - start);
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isUsage = reader.ValueTextEquals("include_usage"u8);
            reader.Read();
            if (isUsage)
            {
                var isAsked = reader.TokenType == JsonTokenType.True;
                start = (int)reader.TokenStartIndex;
                reader.Skip();
                return new StreamOptionsPlace(true, true, true, isAsked, start + mark, (int)reader.BytesConsumed - start);
            }

            reader.Skip();
        }

        return new StreamOptionsPlace(true, true, false, false, start + mark, (int)reader.BytesConsumed - start);
    }
}
