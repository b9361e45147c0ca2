using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using FuncLimiter.Providers.Addressing;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Responses;

namespace FuncLimiter.Providers.Batches;

/// <summary>OpenAI's batch service: a file of calls, one line each, in; a file of answers out. Source: "Batch API", OpenAI API documentation.</summary>
internal class OpenAIBatches : ProviderBatches
{
    private const string Name = "funclimiter_batch";
    private const int MostListed = 100;
    private const int MostPages = 10;

    /// <inheritdoc/>
    public override int MostCalls => 50_000;

    /// <inheritdoc/>
    public override long MostBytes => 200_000_000;

    /// <summary>What comes before a path.</summary>
    protected virtual string Root => "/v1";

    /// <inheritdoc/>
    public override bool Takes(Operation operation) => operation is Operation.ChatCompletions or Operation.Responses or Operation.Embeddings;

    /// <inheritdoc/>
    public override async Task<string?> FindAsync(BatchAccount account, string name, CancellationToken cancellationToken)
    {
        var after = string.Empty;
        for (var page = 0; page < MostPages; page++)
        {
            using var list = await AskAsync(account, HttpMethod.Get, At(account, "/batches", $"?limit={MostListed}{after}"), null, cancellationToken);
            string? last = null;
            foreach (var batch in list.RootElement.GetProperty("data").EnumerateArray())
            {
                last = Json.Word(batch, "id");
                // One that failed answers nothing: it may have been made again under its name.
                if (Json.Word(Json.At(batch, "metadata"), Name) == name && Json.Word(batch, "status") != "failed")
                {
                    return last;
                }
            }

            if (last is null || !Json.TryGet(list.RootElement, "has_more", out var more) || more.ValueKind != JsonValueKind.True)
            {
                break;
            }

            after = $"&after={Uri.EscapeDataString(last)}";
        }

        return null;
    }

    /// <inheritdoc/>
    public override async Task<BatchHandIn> SubmitAsync(
        BatchAccount account, string name, Operation operation, IReadOnlyList<BatchCall> calls, CancellationToken cancellationToken)
    {
        try
        {
            var path = PathOf(operation);
            using var form = new MultipartFormDataContent { { new StringContent("batch"), "purpose" } };
            form.Add(new ByteArrayContent(Lines(path, calls)), "file", "calls.jsonl");
            using var file = await AskAsync(account, HttpMethod.Post, At(account, "/files"), form, cancellationToken);
            using var content = new ByteArrayContent(Request(Json.Word(file.RootElement, "id") ?? string.Empty, path, name));
            content.Headers.ContentType = new("application/json");
            using var made = await AskAsync(account, HttpMethod.Post, At(account, "/batches"), content, cancellationToken);
            return BatchHandIn.Taken(made.RootElement.GetProperty("id").GetString()!);
        }
        catch (HttpRequestException failure) when (Refused(failure) is { } refused)
        {
            return refused;
        }
    }

    /// <inheritdoc/>
    public override async Task<bool> IsOverAsync(BatchAccount account, string batch, CancellationToken cancellationToken)
    {
        using var found = await FindAsync(account, batch);
        return Json.Word(found.RootElement, "status") is "completed" or "failed" or "expired" or "cancelled";

        Task<JsonDocument> FindAsync(BatchAccount at, string id) => AskAsync(at, HttpMethod.Get, Batch(at, id), null, cancellationToken);
    }

    /// <inheritdoc/>
    public override async Task<bool> WasFullAsync(BatchAccount account, string batch, CancellationToken cancellationToken)
    {
        using var found = await AskAsync(account, HttpMethod.Get, Batch(account, batch), null, cancellationToken);
        return Json.Word(found.RootElement, "status") == "failed"
            && Json.At(found.RootElement, "errors", "data") is { ValueKind: JsonValueKind.Array } errors
            && errors.EnumerateArray().Any(error => Json.Word(error, "code") == QueueFull);
    }

    /// <inheritdoc/>
    public override async IAsyncEnumerable<BatchAnswer> FetchAsync(
        BatchAccount account, string batch, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var found = await AskAsync(account, HttpMethod.Get, Batch(account, batch), null, cancellationToken);
        if (Json.Word(found.RootElement, "output_file_id") is not { Length: > 0 } file)
        {
            yield break;
        }

        using var response = await SendAsync(account, HttpMethod.Get, At(account, $"/files/{Uri.EscapeDataString(file)}/content"), null, cancellationToken);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken), Encoding.UTF8);
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.Length > 0 && Read(line) is { } answer)
            {
                yield return answer;
            }
        }
    }

    /// <inheritdoc/>
    public override async Task CancelAsync(BatchAccount account, string batch, CancellationToken cancellationToken)
    {
        using var cancelled = await AskAsync(
            account, HttpMethod.Post, At(account, $"/batches/{Uri.EscapeDataString(batch)}/cancel"), null, cancellationToken);
    }

    /// <summary>The header that authenticates.</summary>
    protected virtual KeyValuePair<string, string> Key(ProviderTarget target) => new("Authorization", $"Bearer {target.ApiKey}");

    /// <summary>The path of an operation as lines name it.</summary>
    protected static string PathOf(Operation operation) => operation switch
    {
        Operation.ChatCompletions => "/v1/chat/completions",
        Operation.Responses => "/v1/responses",
        Operation.Embeddings => "/v1/embeddings",
        _ => throw new ArgumentOutOfRangeException(nameof(operation), operation, "No batch takes it."),
    };

    private static BatchAnswer? Read(string line)
    {
        using var answer = Parse(line);
        var response = Json.At(answer?.RootElement ?? default, "response");
        var body = Json.At(response, "body");
        return body.ValueKind != JsonValueKind.Object
            ? null
            : new BatchAnswer(
                PlaceOf(Json.Word(answer!.RootElement, "custom_id")), (int)(Json.CountAt(response, "status_code") ?? 0), Encoding.UTF8.GetBytes(body.GetRawText()));
    }

    // A line that is cut short is an answer that is missing.
    private static JsonDocument? Parse(string line)
    {
        try
        {
            return JsonDocument.Parse(line);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static byte[] Lines(string path, IReadOnlyList<BatchCall> calls)
    {
        using var lines = new MemoryStream();
        foreach (var call in calls)
        {
            using (var json = new Utf8JsonWriter(lines))
            {
                json.WriteStartObject();
                json.WriteString("custom_id"u8, IdOf(call.Place));
                json.WriteString("method"u8, "POST"u8);
                json.WriteString("url"u8, path);
                json.WritePropertyName("body"u8);
                OneLine.Write(json, call.Body);
                json.WriteEndObject();
            }

            lines.WriteByte((byte)'\n');
        }

        return lines.ToArray();
    }

    private static byte[] Request(string file, string path, string name)
    {
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("input_file_id"u8, file);
            json.WriteString("endpoint"u8, path);
            json.WriteString("completion_window"u8, "24h"u8);
            json.WriteStartObject("metadata"u8);
            json.WriteString(Name, name);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return body.ToArray();
    }

    private UpstreamAddress Batch(BatchAccount account, string batch) => At(account, $"/batches/{Uri.EscapeDataString(batch)}");

    private UpstreamAddress At(BatchAccount account, string path, string query = "") =>
        account.Target.Auth == ProviderAuth.Entra
            ? new(Endpoints.Join(account.Target.Endpoint, Root + path, query), []) { Credential = new EntraAccess(AzureOpenAIProvider.TokenScope) }
            : new(Endpoints.Join(account.Target.Endpoint, Root + path, query), [Key(account.Target)]);
}

/// <summary>
/// Azure OpenAI's batch deployments, as OpenAI's but for the address and the key; a batch names the deployment as its model.
/// Source: "Getting started with Azure OpenAI batch deployments", Microsoft Learn.
/// </summary>
internal sealed class AzureOpenAIBatches : OpenAIBatches
{
    /// <inheritdoc/>
    public override int MostCalls => 100_000;

    /// <inheritdoc/>
    protected override string Root => "/openai/v1";

    /// <inheritdoc/>
    protected override KeyValuePair<string, string> Key(ProviderTarget target) => new("api-key", target.ApiKey);
}

/// <summary>Writes a body into a file of one line for each call: line breaks between its tokens would end the line.</summary>
internal static class OneLine
{
    public static void Write(Utf8JsonWriter json, ReadOnlyMemory<byte> body)
    {
        if (body.Span.IndexOfAny((byte)'\n', (byte)'\r') < 0)
        {
            json.WriteRawValue(body.Span, skipInputValidation: true);
            return;
        }

        using var parsed = JsonDocument.Parse(body);
        parsed.RootElement.WriteTo(json);
    }
}
