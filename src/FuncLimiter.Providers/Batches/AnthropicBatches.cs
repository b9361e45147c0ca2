using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using FuncLimiter.Providers.Addressing;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Responses;
using FuncLimiter.Providers.Translation;

namespace FuncLimiter.Providers.Batches;

/// <summary>
/// Anthropic's Message Batches. A batch has no name, so one whose id was lost can't be found. Source: "Batch processing" and "Message
/// Batches", Claude API documentation.
/// </summary>
internal sealed class AnthropicBatches : ProviderBatches
{
    private const string Version = "2023-06-01";
    private const int Succeeded = 200;
    private const int Failed = 500;

    /// <inheritdoc/>
    public override int MostCalls => 100_000;

    /// <inheritdoc/>
    public override long MostBytes => 256_000_000;

    /// <inheritdoc/>
    public override bool Takes(Operation operation) => operation == Operation.Messages;

    /// <inheritdoc/>
    public override bool Takes(Wire wire) => wire == Wire.Messages;

    /// <inheritdoc/>
    public override Task<string?> FindAsync(BatchAccount account, string name, CancellationToken cancellationToken) => Task.FromResult<string?>(null);

    /// <inheritdoc/>
    public override async Task<BatchHandIn> SubmitAsync(
        BatchAccount account, string name, Operation operation, IReadOnlyList<BatchCall> calls, CancellationToken cancellationToken)
    {
        try
        {
            using var content = new ByteArrayContent(Request(calls));
            content.Headers.ContentType = new("application/json");
            using var made = await AskAsync(account, HttpMethod.Post, At(account), content, cancellationToken);
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
        using var found = await AskAsync(account, HttpMethod.Get, At(account, batch), null, cancellationToken);
        return Json.Word(found.RootElement, "processing_status") == "ended";
    }

    /// <inheritdoc/>
    public override async IAsyncEnumerable<BatchAnswer> FetchAsync(
        BatchAccount account, string batch, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var response = await SendAsync(account, HttpMethod.Get, At(account, batch, "/results"), null, cancellationToken);
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
        using var cancelled = await AskAsync(account, HttpMethod.Post, At(account, batch, "/cancel"), null, cancellationToken);
    }

    private static BatchAnswer? Read(string line)
    {
        try
        {
            using var answer = JsonDocument.Parse(line);
            var (place, result) = (PlaceOf(Json.Word(answer.RootElement, "custom_id")), Json.At(answer.RootElement, "result"));
            return Json.Word(result, "type") == "succeeded" && Json.At(result, "message") is { ValueKind: JsonValueKind.Object } message
                ? new BatchAnswer(place, Succeeded, Encoding.UTF8.GetBytes(message.GetRawText()))
                : new BatchAnswer(place, Failed, default);
        }
        catch (JsonException)
        {
            // A line that is cut short is an answer that is missing.
            return null;
        }
    }

    private static byte[] Request(IReadOnlyList<BatchCall> calls)
    {
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteStartArray("requests"u8);
            foreach (var call in calls)
            {
                json.WriteStartObject();
                json.WriteString("custom_id"u8, IdOf(call.Place));
                json.WritePropertyName("params"u8);
                json.WriteRawValue(call.Body.Span, skipInputValidation: true);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return body.ToArray();
    }

    private static UpstreamAddress At(BatchAccount account, string? batch = null, string rest = "") => new(
        Endpoints.Join(account.Target.Endpoint, $"/v1/messages/batches{(batch is null ? "" : $"/{Uri.EscapeDataString(batch)}")}{rest}", ""),
        [new("x-api-key", account.Target.ApiKey), new("anthropic-version", Version)]);
}
