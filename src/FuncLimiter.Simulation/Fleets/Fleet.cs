using System.Net;

namespace FuncLimiter.Simulation.Fleets;

/// <summary>
/// Hundreds of agents that all start at once and call one base URL over real HTTP, each with one call under way at a time, retrying as
/// the official SDKs do. It sends <c>Authorization</c> (or <c>x-api-key</c>), <c>X-Priority</c>, <c>X-User</c>, <c>X-Workflow</c>,
/// <c>X-Step</c> and <c>X-Run</c>, and reports what the agents saw: answers, 429s, waits, service by tenant.
/// </summary>
public static class Fleet
{
    /// <summary>Runs a fleet to its end.</summary>
    /// <param name="options">Who calls what, and for how long.</param>
    /// <param name="progress">Told of the counts so far, every <see cref="FleetOptions.ProgressEvery"/>; null for nobody.</param>
    /// <param name="time">The agents' clock; the system's where null.</param>
    /// <param name="cancellationToken">Ends the fleet early; its report comes all the same.</param>
    public static async Task<FleetReport> RunAsync(
        FleetOptions options,
        IProgress<FleetProgress>? progress = null,
        TimeProvider? time = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        time ??= TimeProvider.System;
        using var http = Client();
        var tally = new FleetTally(options, time);
        using var stop = new CancellationTokenSource();
        var agents = Interleaved(options)
            .Select(place => new Agent(http, options, tally, place.Tenant, place.Group, place.Number, time))
            .Select(agent => Task.Run(() => agent.RunAsync(stop.Token), CancellationToken.None))
            .ToList();

        // An agent only ends by a fault of its own, and then so does the fleet.
        var agentEnded = Task.WhenAny(agents.Append(Task.Delay(Timeout.Infinite, stop.Token)));
        using var over = new CancellationTokenSource(options.Duration, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, cancellationToken);
        while (!either.IsCancellationRequested && !agentEnded.IsCompleted)
        {
            await Task.WhenAny(Task.Delay(options.ProgressEvery, time, either.Token), agentEnded);
            progress?.Report(tally.Progress());
        }

        tally.Stop();
        await stop.CancelAsync();
        await Task.WhenAll(agents);
        return tally.Report();
    }

    /// <summary>All agents, those of each group spread evenly over the order, so that none comes first as a whole.</summary>
    private static IEnumerable<(FleetTenant Tenant, AgentGroup Group, int Number)> Interleaved(FleetOptions options) => options.Tenants
        .SelectMany(tenant => tenant.Groups.SelectMany(group => Enumerable.Range(0, group.Agents).Select(number => (tenant, group, number))))
        .OrderBy(place => (place.number + 0.5) / place.group.Agents);

    private static HttpClient Client() => new(new SocketsHttpHandler
    {
        MaxConnectionsPerServer = int.MaxValue,
        AutomaticDecompression = DecompressionMethods.None,
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        ActivityHeadersPropagator = null,
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };
}
