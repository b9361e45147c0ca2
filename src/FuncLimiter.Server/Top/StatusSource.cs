using System.Net.Http.Headers;
using System.Text.Json;

namespace FuncLimiter.Server.Top;

/// <summary>Asks a running server how things stand.</summary>
internal sealed class StatusSource : IDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    private readonly HttpClient _client;

    /// <param name="url">The server's address.</param>
    /// <param name="key">An admin key, or null.</param>
    public StatusSource(Uri url, string? key)
    {
        _client = new HttpClient { BaseAddress = url, Timeout = Longest };
        _client.DefaultRequestHeaders.Authorization = string.IsNullOrEmpty(key) ? null : new AuthenticationHeaderValue("Bearer", key);
    }

    /// <summary>Where it asks.</summary>
    public Uri Url => _client.BaseAddress!;

    /// <summary>The answer as it came.</summary>
    /// <exception cref="HttpRequestException">The server can't be reached, or does not answer so.</exception>
    public Task<string> ReadTextAsync(CancellationToken cancellationToken) => _client.GetStringAsync("/status", cancellationToken);

    /// <summary>The answer, read.</summary>
    /// <exception cref="HttpRequestException">The server can't be reached, or does not answer so.</exception>
    public async Task<JsonDocument> ReadAsync(CancellationToken cancellationToken) => JsonDocument.Parse(await ReadTextAsync(cancellationToken));

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();
}
