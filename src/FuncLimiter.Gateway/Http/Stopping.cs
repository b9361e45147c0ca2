using FuncLimiter.Gateway.Calls.Errors;
using Microsoft.Extensions.Hosting;

namespace FuncLimiter.Gateway.Http;

/// <summary>
/// The end of a process as its callers meet it: who waits is told at once to come again, so that nobody is cut off in silence, and what a
/// provider has already goes on for as long as the host allows.
/// </summary>
internal sealed class Stopping(IHostApplicationLifetime lifetime)
{
    /// <summary>What those are told who wait.</summary>
    public static readonly GatewayError Error = new(503, "shutting_down", "This FuncLimiter stops, and the call has not left. Try again in 5 s.")
    {
        RetryAfter = TimeSpan.FromSeconds(5),
        ShouldRetry = true,
    };

    /// <summary>Cancelled once the host was asked to stop.</summary>
    public CancellationToken Begun => lifetime.ApplicationStopping;
}
