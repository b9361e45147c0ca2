using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace FuncLimiter.Server.Tests.Processes;

/// <summary>Requests as callers send them.</summary>
internal static class Requests
{
    public static async Task<Reply> SendAsync(
        this HttpClient client, HttpMethod method, string path, string? body = null, params (string Name, string Value)[] headers)
    {
        using var request = Create(method, path, body, headers);
        using var response = await client.SendAsync(request);
        return await Reply.ReadAsync(response);
    }

    public static Task<Reply> PostAsync(this HttpClient client, string path, string body, params (string Name, string Value)[] headers) =>
        client.SendAsync(HttpMethod.Post, path, body, headers);

    public static Task<Reply> FetchAsync(this HttpClient client, string path, params (string Name, string Value)[] headers) =>
        client.SendAsync(HttpMethod.Get, path, null, headers);

    /// <summary>The job as it stands once it has ended.</summary>
    public static async Task<JsonNode> UntilEndedAsync(this HttpClient client, string path, string key, TimeSpan? longest = null)
    {
        var end = DateTime.UtcNow + (longest ?? TimeSpan.FromSeconds(60));
        while (true)
        {
            var reply = await client.FetchAsync(path, ("x-api-key", key));
            Assert.True(reply.Status == 200, reply.Text);
            if (reply.Json["endedAt"] is not null)
            {
                return reply.Json;
            }

            Assert.True(DateTime.UtcNow < end, $"The job did not end in time: {reply.Text}");
            await Task.Delay(20);
        }
    }

    public static HttpRequestMessage Create(HttpMethod method, string path, string? body, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        foreach (var (name, value) in headers)
        {
            if (name.Equals("Content-Type", StringComparison.OrdinalIgnoreCase))
            {
                request.Content!.Headers.Remove(name);
                request.Content.Headers.TryAddWithoutValidation(name, value);
            }
            else
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }
        }

        return request;
    }
}

/// <summary>A whole answer.</summary>
internal sealed record Reply(int Status, IReadOnlyDictionary<string, string> Headers, string Text)
{
    /// <summary>The body as JSON.</summary>
    public JsonNode Json => JsonNode.Parse(Text)!;

    public static async Task<Reply> ReadAsync(HttpResponseMessage response) => new(
        (int)response.StatusCode,
        response.Headers.Concat(response.Content.Headers)
            .ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase),
        await response.Content.ReadAsStringAsync());
}
