using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Server.Virtual;

namespace FuncLimiter.Server.Planning;

/// <summary>What teams mean to call, and the limits and prices that they meet.</summary>
/// <param name="Configuration">The limits, prices and routes, with the teams' weights.</param>
/// <param name="Work">What the teams call.</param>
internal sealed record Volumes(GatewayConfiguration Configuration, IReadOnlyList<WorkGroup> Work)
{
    /// <summary>How much more calls vary from minute to minute than calls that come at random: the ratio of the variances; default 1.</summary>
    public double Burstiness { get; init; } = 1;

    /// <summary>How long answers are taken to last, for limits of calls at once.</summary>
    public Latency Latency { get; init; } = new(0.5, 10);

    /// <summary>How long a call may wait before it is given up: as its team says, else as its class does.</summary>
    public TimeSpan PatienceOf(WorkGroup work) => work.MaxWait ?? work.Priority switch
    {
        Core.Scheduling.Priority.Interactive => Configuration.Queue.MaxWaitInteractive,
        Core.Scheduling.Priority.Standard => Configuration.Queue.MaxWaitStandard,
        _ => Configuration.Queue.MaxWaitBackground,
    };

    /// <summary>A tenant's weight; 1 for one that the configuration does not name.</summary>
    public double WeightOf(string tenant) => Configuration.Tenants.FirstOrDefault(known => known.Id == tenant)?.Weight ?? 1;

    /// <summary>A day of the same work, to be simulated: whoever bears longer waits than the queue's comes back when told to, as jobs do.</summary>
    public Fleet ToFleet() => new()
    {
        Latency = Latency,
        Groups = [.. Work.Select(work => work with { BatchShare = 0, Returns = int.MaxValue, ReturnWithin = PatienceOf(work) })],
    };

    /// <summary>The same with other weights.</summary>
    public static GatewayConfiguration WithWeights(GatewayConfiguration configuration, IReadOnlyDictionary<string, double> weights)
    {
        var known = configuration.Tenants.Select(tenant => weights.TryGetValue(tenant.Id, out var weight) ? tenant with { Weight = weight } : tenant).ToList();
        var added = weights.Where(pair => known.All(tenant => tenant.Id != pair.Key)).Select(pair => new TenantConfiguration(pair.Key, [], pair.Value, [], []));
        return configuration with { Tenants = [.. known, .. added] };
    }
}
