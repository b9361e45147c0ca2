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
