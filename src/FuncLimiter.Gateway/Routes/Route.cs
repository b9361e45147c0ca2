using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Gateway.Routes;

/// <summary>What an agent may ask for, with the deployments that may serve it.</summary>
public sealed class Route
{
    /// <summary>How many deployments a route may have: one bit each in a mask.</summary>
    public const int MaxDeployments = 64;

    private readonly ulong[] _closed;
    private readonly ulong[] _crossed;

    internal Route(string name, IReadOnlyList<Deployment> deployments)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(deployments.Count, MaxDeployments);
        Name = name;
        Deployments = deployments;
        All = deployments.Count == MaxDeployments ? ulong.MaxValue : (1UL << deployments.Count) - 1;
        _closed = [.. Enum.GetValues<Operation>().Select(operation => Where(
            deployment => !deployment.Serves(operation) && deployment.Translation(operation) is null))];
        _crossed = [.. Enum.GetValues<Operation>().Select(operation => Where(deployment => deployment.Translation(operation) is not null))];
    }

    /// <summary>The name asked for.</summary>
    public string Name { get; }

    /// <summary>Targets, then fallbacks, in the configuration's order.</summary>
    public IReadOnlyList<Deployment> Deployments { get; }

    /// <summary>A bit for each deployment.</summary>
    public ulong All { get; }

    /// <summary>The deployments, as bits, that can't be asked this, in no API.</summary>
    public ulong Closed(Operation operation) => _closed[(int)operation];

    /// <summary>The deployments, as bits, that are asked this in another API than the caller's, where its request can be translated.</summary>
    public ulong Crossed(Operation operation) => _crossed[(int)operation];

    private ulong Where(Func<Deployment, bool> isMeant)
    {
        var mask = 0UL;
        for (var place = 0; place < Deployments.Count; place++)
        {
            if (isMeant(Deployments[place]))
            {
                mask |= 1UL << place;
            }
        }

        return mask;
    }
}
