using System.Globalization;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Routes;

namespace FuncLimiter.Functions.Batches;

/// <summary>OpenAI's batch service. Source: "Batch API", OpenAI API documentation.</summary>
/// <param name="http">Sends requests.</param>
internal sealed class OpenAIBatches(HttpClient http) : IProviderBatches
{
    /// <summary>By this a batch is found whose id was lost.</summary>
    private const string JobName = "funclimiter_job";

    /// <inheritdoc/>
    public async Task<string?> FindAsync(Deployment deployment, string job, CancellationToken cancellationToken)
    {
        using var list = await SendAsync(deployment, HttpMethod.Get, "v1/batches?limit=100", null, cancellationToken);
        return list.RootElement.GetProperty("data").EnumerateArray()
            .FirstOrDefault(batch => batch.TryGetProperty("metadata", out var metadata) && metadata.ValueKind == JsonValueKind.Object
                && metadata.TryGetProperty(JobName, out var name) && name.GetString() == job) is { ValueKind: JsonValueKind.Object } found
            ? found.GetProperty("id").GetString()
            : null;
    }

    /// <inheritdoc/>
    public async Task<string?> SubmitAsync(Deployment deployment, string job, IReadOnlyList<BatchCall> calls, CancellationToken cancellationToken)
    {
        try
        {
            using var form = new MultipartFormDataContent { { new StringContent("batch"), "purpose" } };
            form.Add(new ByteArrayContent(Lines(deployment, calls)), "file", "calls.jsonl");
            using var file = await SendAsync(deployment, HttpMethod.Post, "v1/files", form, cancellationToken);
            var batch = new JsonObject
            {
                ["input_file_id"] = file.RootElement.GetProperty("id").GetString(),
                ["endpoint"] = calls[0].Path,
                ["completion_window"] = "24h",
                ["metadata"] = new JsonObject { [JobName] = job },
            };
            using var content = new StringContent(batch.ToJsonString(), Encoding.UTF8, "application/json");
            using var made = await SendAsync(deployment, HttpMethod.Post, "v1/batches", content, cancellationToken);
            return made.RootElement.GetProperty("id").GetString();
        }
        catch (HttpRequestException refusal) when ((int?)refusal.StatusCode is >= 400 and < 500 and not (408 or 429))
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public async Task<bool> IsOverAsync(Deployment deployment, string batch, CancellationToken cancellationToken)
    {
        using var found = await SendAsync(deployment, HttpMethod.Get, $"v1/batches/{Uri.EscapeDataString(batch)}", null, cancellationToken);
        return found.RootElement.GetProperty("status").GetString() is "completed" or "failed" or "expired" or "cancelled";
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<BatchAnswer> FetchAsync(
        Deployment deployment, string batch, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var found = await SendAsync(deployment, HttpMethod.Get, $"v1/batches/{Uri.EscapeDataString(batch)}", null, cancellationToken);
        if (!found.RootElement.TryGetProperty("output_file_id", out var file) || file.GetString() is not { } id)
        {
            yield break;
        }

        using var response = await SendAsync(
            deployment, new HttpRequestMessage(HttpMethod.Get, Address(deployment, $"v1/files/{Uri.EscapeDataString(id)}/content")), cancellationToken);
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
    public async Task CancelAsync(Deployment deployment, string batch, CancellationToken cancellationToken)
    {
        using var cancelled = await SendAsync(deployment, HttpMethod.Post, $"v1/batches/{Uri.EscapeDataString(batch)}/cancel", null, cancellationToken);
    }

    private static byte[] Lines(Deployment deployment, IReadOnlyList<BatchCall> calls)
    {
        using var lines = new MemoryStream();
        foreach (var call in calls)
        {
            var body = JsonNode.Parse(call.Body.Span)!;
            body["model"] = deployment.Target.Model;
            var line = new JsonObject
            {
                ["custom_id"] = call.Index.ToString(CultureInfo.InvariantCulture),
                ["method"] = "POST",
                ["url"] = call.Path,
                ["body"] = body,
            };
            lines.Write(Encoding.UTF8.GetBytes(line.ToJsonString()));
            lines.WriteByte((byte)'\n');
        }

        return lines.ToArray();
    }

    private static BatchAnswer? Read(string line)
    {
        using var answer = JsonDocument.Parse(line);
        if (!int.TryParse(answer.RootElement.GetProperty("custom_id").GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out var index)
            || !answer.RootElement.TryGetProperty("response", out var response) || response.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        var body = response.GetProperty("body");
        return new BatchAnswer(index, response.GetProperty("status_code").GetInt32(), Encoding.UTF8.GetBytes(body.GetRawText()), UsageOf(body));
    }

    // Chat and embeddings tell prompt and completion tokens, responses input and output tokens.
    private static TokenUsage? UsageOf(JsonElement body) =>
        body.ValueKind == JsonValueKind.Object && body.TryGetProperty("usage", out var usage) && usage.ValueKind == JsonValueKind.Object
            ? new TokenUsage(Tokens(usage, "prompt_tokens", "input_tokens"), Tokens(usage, "completion_tokens", "output_tokens"))
            : null;

    private static long Tokens(JsonElement usage, params string[] names) => names
        .Select(name => usage.TryGetProperty(name, out var value) && value.TryGetInt64(out var number) ? number : 0).Max();

    private static Uri Address(Deployment deployment, string path) => new($"{deployment.Target.Endpoint.ToString().TrimEnd('/')}/{path}");

    private async Task<JsonDocument> SendAsync(
        Deployment deployment, HttpMethod method, string path, HttpContent? content, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, Address(deployment, path)) { Content = content };
        using var response = await SendAsync(deployment, request, cancellationToken);
        return await JsonDocument.ParseAsync(await response.Content.ReadAsStreamAsync(cancellationToken), default, cancellationToken);
    }

    private async Task<HttpResponseMessage> SendAsync(Deployment deployment, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", deployment.Target.ApiKey);
        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        response.Dispose();
        throw new HttpRequestException($"The batch service answered {(int)response.StatusCode}.", null, response.StatusCode);
    }
}
