using System.Text.Json;
using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Providers.Passing;

/// <summary>The models that a batch names, one for each of its calls (Anthropic API reference: create a message batch, <c>requests[].params.model</c>).</summary>
public static class BatchedModels
{
    /// <summary>Finds them; none where the path takes no batch, or its body is none.</summary>
    /// <param name="path">The path.</param>
    /// <param name="body">The body.</param>
    public static IReadOnlyList<BatchedModel> Find(PassedPath path, ReadOnlySpan<byte> body)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (path.Api != ProviderApi.Anthropic || !path.Path.EndsWith("/messages/batches", StringComparison.Ordinal) || body.IsEmpty)
        {
            return [];
        }

        var found = new List<BatchedModel>();
        var mark = body.StartsWith("\uFEFF"u8) ? 3 : 0;
        var reader = new Utf8JsonReader(body[mark..], new JsonReaderOptions { MaxDepth = RequestReader.MaxDepth });
        while (reader.Read())
        {
            // { "requests": [ { "params": { "model": ... } } ] }
            if (reader.CurrentDepth == 4 && reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("model"u8))
            {
                reader.Read();
                if (reader.TokenType == JsonTokenType.String)
                {
                    var start = (int)reader.TokenStartIndex;
                    found.Add(new BatchedModel(reader.GetString()!, start + mark, (int)reader.BytesConsumed - start));
                }
            }
            else if (reader.TokenType == JsonTokenType.PropertyName && Passes(reader))
            {
                reader.Read();
                reader.Skip();
            }
        }

        return found;
    }

    /// <summary>The body with other names; the same memory where none differs.</summary>
    /// <param name="body">The body.</param>
    /// <param name="models">What was found in it.</param>
    /// <param name="nameOf">What a model is called instead.</param>
    public static ReadOnlyMemory<byte> With(ReadOnlyMemory<byte> body, IReadOnlyList<BatchedModel> models, Func<string, string> nameOf)
    {
        ArgumentNullException.ThrowIfNull(models);
        ArgumentNullException.ThrowIfNull(nameOf);
        if (models.All(model => nameOf(model.Name) == model.Name))
        {
            return body;
        }

        using var changed = new MemoryStream(body.Length + (models.Count * 16));
        var at = 0;
        foreach (var model in models)
        {
            changed.Write(body.Span[at..model.Offset]);
            changed.Write(JsonSerializer.SerializeToUtf8Bytes(nameOf(model.Name)));
            at = model.Offset + model.Length;
        }

        changed.Write(body.Span[at..]);
        return changed.ToArray();
    }

    private static bool Passes(in Utf8JsonReader name) => name.CurrentDepth switch
    {
        1 => !name.ValueTextEquals("requests"u8),
        3 => !name.ValueTextEquals("params"u8),
        _ => true,
    };
}

/// <summary>A model named in a batch.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Offset">Where its JSON string begins in the body, in bytes.</param>
/// <param name="Length">How long that string is, in bytes, its quotes included.</param>
public readonly record struct BatchedModel(string Name, int Offset, int Length);
