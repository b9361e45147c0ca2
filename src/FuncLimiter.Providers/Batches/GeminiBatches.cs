using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using FuncLimiter.Providers.Addressing;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Responses;
using FuncLimiter.Providers.Translation;

namespace FuncLimiter.Providers.Batches;

/// <summary>
/// The Gemini API's batches, their calls within the request; answers come in the order of the calls. It takes calls in Gemini's own API.
/// Source: "Batch API", Gemini API reference.
/// </summary>
internal sealed class GeminiBatches : ProviderBatches
{
    private const int Succeeded = 200;
    private const int Failed = 500;

    /// <inheritdoc/>
    public override int MostCalls => 10_000;

    /// <summary>Calls within the request, 20 MB with all around them.</summary>
    public override long MostBytes => 19_000_000;

    /// <inheritdoc/>
    public override bool Takes(Operation operation) => false;

    /// <inheritdoc/>
    public override bool Takes(Wire wire) => wire == Wire.GenerateContent;

    /// <inheritdoc/>
    public override async Task<string?> FindAsync(BatchAccount account, string name, CancellationToken cancellationToken)
    {
        using var list = await AskAsync(account, HttpMethod.Get, At(account, "/v1beta/batches", "?pageSize=100"), null, cancellationToken);
        return Json.TryGet(list.RootElement, "operations", out var operations) && operations.ValueKind == JsonValueKind.Array
            ? operations.EnumerateArray().Where(batch => Json.Word(Json.At(batch, "metadata"), "displayName") == name)
                .Select(batch => Json.Word(batch, "name")).FirstOrDefault()
            : null;
    }

    /// <inheritdoc/>
    public override async Task<BatchHandIn> SubmitAsync(
        BatchAccount account, string name, Operation operation, IReadOnlyList<BatchCall> calls, CancellationToken cancellationToken)
    {
        try
        {
            using var content = new ByteArrayContent(Request(name, calls));
            content.Headers.ContentType = new("application/json");
            var path = $"/v1beta/models/{Uri.EscapeDataString(account.Target.Model)}:batchGenerateContent";
            using var made = await AskAsync(account, HttpMethod.Post, At(account, path), content, cancellationToken);
            return BatchHandIn.Taken(made.RootElement.GetProperty("name").GetString()!);
        }
        catch (HttpRequestException failure) when (Refused(failure) is { } refused)
        {
            return refused;
        }
    }

    /// <inheritdoc/>
    public override async Task<bool> IsOverAsync(BatchAccount account, string batch, CancellationToken cancellationToken)
    {
        using var found = await AskAsync(account, HttpMethod.Get, At(account, $"/v1beta/{batch}"), null, cancellationToken);
        return (Json.TryGet(found.RootElement, "done", out var done) && done.ValueKind == JsonValueKind.True)
            || BatchBody.Read(found.RootElement) is { Terminal: true };
    }

    /// <inheritdoc/>
    public override async IAsyncEnumerable<BatchAnswer> FetchAsync(
        BatchAccount account, string batch, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var found = await AskAsync(account, HttpMethod.Get, At(account, $"/v1beta/{batch}"), null, cancellationToken);
        var answers = Json.At(found.RootElement, "response", "inlinedResponses", "inlinedResponses");
        answers = answers.ValueKind == JsonValueKind.Array ? answers : Json.At(found.RootElement, "metadata", "output", "inlinedResponses", "inlinedResponses");
        var place = 0;
        foreach (var answer in answers.ValueKind == JsonValueKind.Array ? answers.EnumerateArray() : default)
        {
            var named = PlaceOf(Json.Word(Json.At(answer, "metadata"), "key"));
            yield return Json.At(answer, "response") is { ValueKind: JsonValueKind.Object } response
                ? new BatchAnswer(named >= 0 ? named : place, Succeeded, Encoding.UTF8.GetBytes(response.GetRawText()))
                : new BatchAnswer(named >= 0 ? named : place, Failed, default);
            place++;
        }
    }

    /// <inheritdoc/>
    public override async Task CancelAsync(BatchAccount account, string batch, CancellationToken cancellationToken)
    {
        using var cancelled = await AskAsync(account, HttpMethod.Post, At(account, $"/v1beta/{batch}:cancel"), null, cancellationToken);
    }

    private static byte[] Request(string name, IReadOnlyList<BatchCall> calls)
    {
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteStartObject("batch"u8);
            json.WriteString("displayName"u8, name);
            json.WriteStartObject("inputConfig"u8);
            json.WriteStartObject("requests"u8);
            json.WriteStartArray("requests"u8);
            foreach (var call in calls)
            {
                json.WriteStartObject();
                json.WritePropertyName("request"u8);
                json.WriteRawValue(call.Body.Span, skipInputValidation: true);
                json.WriteStartObject("metadata"u8);
                json.WriteString("key"u8, IdOf(call.Place));
                json.WriteEndObject();
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return body.ToArray();
    }

    private static UpstreamAddress At(BatchAccount account, string path, string query = "") =>
        new(Endpoints.Join(account.Target.Endpoint, path, query), [new("x-goog-api-key", account.Target.ApiKey)]);
}
