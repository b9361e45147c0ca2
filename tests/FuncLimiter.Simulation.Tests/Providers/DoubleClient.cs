using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FuncLimiter.Simulation.Providers;

namespace FuncLimiter.Simulation.Tests.Providers;

/// <summary>A double with a clock of the test's own, and a client that speaks its dialects.</summary>
internal sealed class DoubleClient : IAsyncDisposable
{
    private readonly HttpClient _http;

    private DoubleClient(ProviderDouble provider, ManualTime time)
    {
        (Provider, Time) = (provider, time);
        _http = new HttpClient { BaseAddress = provider.BaseAddress };
    }

    public ProviderDouble Provider { get; }

    public ManualTime Time { get; }

    public HttpClient Http => _http;

    public static async Task<DoubleClient> StartAsync(ProviderDoubleOptions options)
    {
        var time = new ManualTime();
        return new DoubleClient(await ProviderDouble.StartAsync(options, time), time);
    }

    public static Task<DoubleClient> StartAsync(params DeploymentOptions[] deployments) =>
        StartAsync(new ProviderDoubleOptions { Deployments = deployments });

    public Task<Answer> ChatAsync(
        int maxTokens = 100,
        string text = "hello",
        string key = "sk-a",
        string model = "gpt-x",
        string more = "",
        string? fault = null,
        string? idempotency = null) =>
        SendAsync(
            "/v1/chat/completions",
            $$"""{"model":"{{model}}",{{Body(maxTokens, text, more)}}""",
            ("Authorization", $"Bearer {key}"),
            ("x-double-fault", fault),
            ("Idempotency-Key", idempotency));

    public Task<Answer> AzureAsync(int maxTokens = 100, string text = "hello", string deployment = "gpt-x", string more = "") =>
        SendAsync(
            $"/openai/deployments/{deployment}/chat/completions?api-version=2024-10-21",
            "{" + Body(maxTokens, text, more),
            ("api-key", "sk-a"));

    public Task<Answer> MessagesAsync(int maxTokens = 100, string text = "hello", string more = "", string? fault = null) =>
        RawMessagesAsync($$"""{"model":"claude-x",{{Body(maxTokens, text, more)}}""", fault);

    public Task<Answer> RawMessagesAsync(string body, string? fault = null) =>
        SendAsync("/v1/messages", body, ("x-api-key", "sk-a"), ("anthropic-version", "2023-06-01"), ("x-double-fault", fault));

    public async Task<Answer> SendAsync(string path, string? body, params (string Name, string? Value)[] headers)
    {
        using var request = new HttpRequestMessage(body is null ? HttpMethod.Get : HttpMethod.Post, path);
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        foreach (var (name, value) in headers.Where(header => header.Value is not null))
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await _http.SendAsync(request);
        return new Answer(
            response.StatusCode,
            response.Headers.Concat(response.Content.Headers)
                .ToDictionary(header => header.Key, header => string.Join(",", header.Value), StringComparer.OrdinalIgnoreCase),
            await response.Content.ReadAsStringAsync());
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await Provider.DisposeAsync();
    }

    private static string Body(int maxTokens, string text, string more) =>
        $$"""
        "max_tokens":{{maxTokens}},"messages":[{"role":"user","content":{{JsonSerializer.Serialize(text)}}}]{{more}}}
        """;

    internal sealed record Answer(HttpStatusCode Status, Dictionary<string, string> Headers, string Body)
    {
        public int Code => (int)Status;

        public JsonNode Json => JsonNode.Parse(Body)!;

        public string Message => Json["error"]!["message"]!.GetValue<string>();

        public string? this[string header] => Headers.GetValueOrDefault(header);

        /// <summary>The events of a stream as name and data; the name is empty where there is none.</summary>
        public IReadOnlyList<(string Name, string Data)> Events =>
        [
            .. Body.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(block => block.Split('\n')).Select(lines => (
                lines.FirstOrDefault(line => line.StartsWith("event: ", StringComparison.Ordinal))?[7..] ?? "",
                lines.First(line => line.StartsWith("data: ", StringComparison.Ordinal))[6..])),
        ];
    }
}
