using System.Text.Json;
using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Providers.Passing;

/// <summary>
/// The ids of what providers keep for their callers (responses, conversations, files, batches, caches): which ones a request goes on from, and
/// which ones an answer made.
/// </summary>
public static class StateIds
{
    private const int LongestId = 512;

    /// <summary>Names of properties whose value is such an id; a value that is no text (the schema of a tool's parameter) is none.</summary>
    private static readonly string[] References =
    [
        "previous_response_id", "conversation", "file_id", "file_ids", "input_file_id", "training_file", "validation_file", "vector_store_id",
        "vector_store_ids", "container", "container_id", "assistant_id", "thread_id", "cachedContent", "cached_content", "fileUri", "file_uri",
    ];

    /// <summary>What a body has that names one, however its names are escaped.</summary>
    private static readonly byte[][] OfMessages = ["file_id"u8.ToArray(), "\"container\""u8.ToArray(), "\\u"u8.ToArray()];

    private static readonly byte[][] Marks =
    [
        "previous_response_id"u8.ToArray(), "\"conversation\""u8.ToArray(), "file_id"u8.ToArray(), "_file\""u8.ToArray(), "vector_store"u8.ToArray(),
        "container"u8.ToArray(), "assistant_id"u8.ToArray(), "thread_id"u8.ToArray(), "cachedContent"u8.ToArray(), "cached_content"u8.ToArray(),
        "fileUri"u8.ToArray(), "file_uri"u8.ToArray(), "\\u"u8.ToArray(),
    ];

    /// <summary>The ids that a request's JSON goes on from; what the caller keeps in <c>metadata</c> is its own.</summary>
    /// <param name="operation">What is asked: some requests can name little, most nothing.</param>
    /// <param name="body">The body.</param>
    public static IReadOnlyList<string> Named(Operation operation, ReadOnlySpan<byte> body)
    {
        var marks = operation switch
        {
            Operation.ChatCompletions or Operation.Messages or Operation.CountTokens => OfMessages,
            Operation.Embeddings => [],
            _ => Marks,
        };
        if (!IsLikely(body, marks))
        {
            return [];
        }

        var ids = new List<string>();
        try
        {
            var reader = new Utf8JsonReader(body.StartsWith("\uFEFF"u8) ? body[3..] : body, new JsonReaderOptions { MaxDepth = RequestReader.MaxDepth });
            while (reader.Read())
            {
                if (reader.TokenType != JsonTokenType.PropertyName)
                {
                    continue;
                }

                var isOwn = reader.ValueTextEquals("metadata"u8) || reader.ValueTextEquals("arguments"u8);
                var isReference = IsReference(ref reader);
                reader.Read();
                if (isOwn)
                {
                    reader.Skip();
                }
                else if (isReference)
                {
                    Take(ref reader, ids);
                }
            }
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException)
        {
            // Whoever needs the whole body tells its caller.
        }

        return ids;
    }

    /// <summary>The ids that an answer made.</summary>
    /// <param name="body">The answer's JSON.</param>
    /// <param name="isNew">Whether the request made what the answer shows; else only what was made since is told: the files of a batch.</param>
    public static IReadOnlyList<string> Made(ReadOnlySpan<byte> body, bool isNew)
    {
        var ids = new List<string>();
        try
        {
            var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = RequestReader.MaxDepth });
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return ids;
            }

            var isStored = true;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isName = isNew && reader.ValueTextEquals("name"u8);
                var isId = isNew && reader.ValueTextEquals("id"u8);
                var isFile = reader.ValueTextEquals("output_file_id"u8) || reader.ValueTextEquals("error_file_id"u8);
                var isInner = isNew && (reader.ValueTextEquals("conversation"u8) || reader.ValueTextEquals("file"u8));
                var isStore = reader.ValueTextEquals("store"u8);
                reader.Read();
                isStored &= !(isStore && reader.TokenType == JsonTokenType.False);

                // Google names things by a path; elsewhere a name is the caller's own.
                if (isId || isFile || isInner || (isName && reader.TokenType == JsonTokenType.String && reader.ValueSpan.Contains((byte)'/')))
                {
                    Take(ref reader, ids);
                }
                else
                {
                    reader.Skip();
                }
            }

            return isStored ? ids : [];
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException)
        {
            return ids;
        }
    }

    /// <summary>The id of the response that a stream begins with; null where its beginning doesn't tell yet.</summary>
    /// <param name="beginning">What came so far.</param>
    public static string? OfStream(ReadOnlySpan<byte> beginning)
    {
        var at = beginning.IndexOf("\"response\":"u8);
        if (at < 0)
        {
            return null;
        }

        var rest = beginning[(at + "\"response\":".Length)..];
        try
        {
            var reader = new Utf8JsonReader(rest, isFinalBlock: false, default);
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == 1)
                {
                    var isId = reader.ValueTextEquals("id"u8);
                    if (!reader.Read())
                    {
                        return null;
                    }

                    if (isId && reader.TokenType == JsonTokenType.String)
                    {
                        return reader.GetString();
                    }
                }
            }
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException)
        {
            // What is no JSON names no id.
        }

        return null;
    }

    private static bool IsLikely(ReadOnlySpan<byte> body, byte[][] marks)
    {
        foreach (var mark in marks)
        {
            if (body.IndexOf(mark) >= 0)
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsReference(ref Utf8JsonReader reader)
    {
        foreach (var name in References)
        {
            if (reader.ValueTextEquals(name))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Takes a text, the texts of a list, or the id or name of an object and what it refers to itself, as a container does to its files.</summary>
    private static void Take(ref Utf8JsonReader reader, List<string> ids)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.String:
                Add(reader.GetString()!, ids);
                break;
            case JsonTokenType.StartArray:
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    if (reader.TokenType == JsonTokenType.String)
                    {
                        Add(reader.GetString()!, ids);
                    }
                    else
                    {
                        reader.Skip();
                    }
                }

                break;
            case JsonTokenType.StartObject:
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    var isName = reader.ValueTextEquals("id"u8) || reader.ValueTextEquals("name"u8);
                    var isReference = IsReference(ref reader);
                    reader.Read();
                    if (isReference)
                    {
                        Take(ref reader, ids);
                    }
                    else if (isName && reader.TokenType == JsonTokenType.String)
                    {
                        Add(reader.GetString()!, ids);
                    }
                    else
                    {
                        reader.Skip();
                    }
                }

                break;
        }
    }

    // Gemini's files are named by their address as well.
    private static void Add(string id, List<string> ids)
    {
        var isAddress = id.Contains("://", StringComparison.Ordinal);
        var name = isAddress && id.IndexOf("/files/", StringComparison.Ordinal) is >= 0 and var at ? id[(at + 1)..] : id;
        if (name.Length is > 0 and <= LongestId && !name.Contains("://", StringComparison.Ordinal) && !ids.Contains(name))
        {
            ids.Add(name);
        }
    }
}
