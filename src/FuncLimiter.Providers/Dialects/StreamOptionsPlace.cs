using System.Text.Json;

namespace FuncLimiter.Providers.Dialects;

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
