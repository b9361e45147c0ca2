using FuncLimiter.Gateway.Http.Responses;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace FuncLimiter.Gateway.Http.Endpoints;

/// <summary><c>/health/live</c> and <c>/health/ready</c>, for whoever starts, stops and balances.</summary>
internal sealed class HealthEndpoint(Stopping stopping, Func<IEnumerable<IHostedService>> services, IStorageHealth? storage = null)
{
    /// <summary>The process answers.</summary>
    public static Task LiveAsync(HttpContext context) => WriteAsync(context, 200, "live");

    /// <summary>The process takes calls, and can do with them what it promises.</summary>
    public Task ReadyAsync(HttpContext context) =>
        stopping.Begun.IsCancellationRequested ? WriteAsync(context, 503, "draining")
        : storage?.Trouble is { } trouble ? WriteAsync(context, 503, "storage_unavailable", trouble)
        : Ended() is { } ended ? WriteAsync(context, 503, "service_ended", $"{ended} broke down; the log says why, and a restart begins it again")
        : WriteAsync(context, 200, "ready");

    // One that failed does not end the process, which still does all else.
    private string? Ended() =>
        services().OfType<BackgroundService>().FirstOrDefault(static service => service.ExecuteTask is { IsFaulted: true })?.GetType().Name;

    private static Task WriteAsync(HttpContext context, int status, string word, string? reason = null) =>
        JsonResponse.WriteAsync(context, status, json =>
        {
            json.WriteStartObject();
            json.WriteString("status"u8, word);
            if (reason is not null)
            {
                json.WriteString("reason"u8, reason);
            }

            json.WriteEndObject();
        });
}

/// <summary>Whether a host's storage takes what must be kept.</summary>
internal interface IStorageHealth
{
    /// <summary>What is the matter, as a part of a sentence; null where nothing is.</summary>
    string? Trouble { get; }
}
