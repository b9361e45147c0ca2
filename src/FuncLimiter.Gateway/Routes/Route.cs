using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Gateway.Routes;

/// <summary>What an agent may ask for, with the deployments that may serve it.</summary>
public sealed class Route
{
    /// <summary>How many deployments a route may have: one bit each in a mask.</summary>
    public const int MaxDeployments = 64;

    private readonly ulong[] _closed;

    internal Route(string name, IReadOnlyList<Deployment> deployments)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(deployments.Count, MaxDeployments);
        Name = name;
        Deployments = deployments;
        All = deployments.Count == MaxDeployments ? ulong.MaxValue : (1UL << deployments.Count) - 1;
        _closed = [.. Enum.GetValues<Operation>().Select(ClosedFor)];
    }

    /// <summary>The name asked for.</summary>
    public string Name { get; }

    /// <summary>Targets, then fallbacks, in the configuration's order.</summary>
    public IReadOnlyList<Deployment> Deployments { get; }

    /// <summary>A bit for each deployment.</summary>
    public ulong All { get; }

    /// <summary>The deployments, as bits, that can't be asked this.</summary>
    public ulong Closed(Operation operation) => _closed[(int)operation];

    private ulong ClosedFor(Operation operation)
    {
        var mask = 0UL;
        for (var place = 0; place < Deployments.Count; place++)
        {
            if (!Deployments[place].Serves(operation))
            {
                mask |= 1UL << place;
            }
        }

        return mask;
    }
}
