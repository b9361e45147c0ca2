using System.Net.Sockets;
using System.Text;

namespace FuncLimiter.Server.Hosting;

/// <summary>
/// Asks a server that has just begun to listen a few things, so that the runtime loads what every call needs while there are descriptors to
/// load it by; the first callers wait less for it.
/// </summary>
internal static class WarmUp
{
    private static readonly string[] Paths = ["/", "/health/ready", "/status", "/metrics", "/dashboard", "/usage", "/v1/models"];
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    /// <summary>Asks; what comes of it does not matter.</summary>
    public static async Task RunAsync(Uri server, CancellationToken cancellationToken)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = server, Timeout = Longest };
        client.DefaultRequestHeaders.ConnectionClose = true;
        foreach (var path in Paths)
        {
            await SendAsync(client, new HttpRequestMessage(HttpMethod.Get, path), cancellationToken);
        }

        foreach (var path in new[] { "/v1/chat/completions", "/v1/messages", "/jobs", "/reservations" })
        {
            await SendAsync(client, new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent("{}", Encoding.UTF8, "application/json") }, cancellationToken);
        }
    }

    private static async Task SendAsync(HttpClient client, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using (request)
        {
            try
            {
                using var response = await client.SendAsync(request, cancellationToken);
                await response.Content.ReadAsByteArrayAsync(cancellationToken);
            }
            catch (Exception failure) when (failure is HttpRequestException or IOException or SocketException or OperationCanceledException)
            {
                // A failure's trace is put in words by parts that are loaded for it alone.
                _ = failure.ToString();
            }
        }
    }
}
