using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Passing;

namespace FuncLimiter.Gateway.Calls.Routes;

/// <summary>What an agent may ask for, with the deployments that may serve it.</summary>
internal sealed class Route
{
    /// <summary>How many deployments a route may have: one bit each in a mask.</summary>
    public const int MaxDeployments = 64;

    private const int UsualBytesPerToken = 4;

    private readonly ulong[] _closed;
    private readonly ulong[] _crossed;
    private readonly IReadOnlyList<SimpleWork> _simple;

    internal Route(RouteConfiguration configuration, IReadOnlyList<Deployment> deployments)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(deployments.Count, MaxDeployments);
        Name = configuration.Model;
        _simple = configuration.Simple;
        Deployments = deployments;
        All = deployments.Count == MaxDeployments ? ulong.MaxValue : (1UL << deployments.Count) - 1;
        var larger = deployments.Count - configuration.Smaller.Count;
        Smaller = larger == MaxDeployments ? 0 : All & ~((1UL << larger) - 1);
        _closed = [.. Enum.GetValues<Operation>().Select(operation => Where(
            deployment => !deployment.Serves(operation) && deployment.Translation(operation) is null))];
        _crossed = [.. Enum.GetValues<Operation>().Select(operation => Where(deployment => deployment.Translation(operation) is not null))];
    }

    /// <summary>The name asked for.</summary>
    public string Name { get; }

    /// <summary>Targets, then fallbacks, then smaller models, in the configuration's order.</summary>
    public IReadOnlyList<Deployment> Deployments { get; }

    /// <summary>A bit for each deployment.</summary>
    public ulong All { get; }

    /// <summary>The smaller models' deployments, as bits.</summary>
    public ulong Smaller { get; }

    /// <summary>Whether a call may go to the smaller models: as its caller says, else by the first rule that it matches.</summary>
    public Diversion DiversionOf(Caller caller, RequestFacts facts)
    {
        if (Smaller == 0 || caller.Tier is not null)
        {
            return Smaller == 0 ? Diversion.Never : caller.Tier!.Value;
        }

        foreach (var rule in _simple)
        {
            if (Matches(rule.Workflow, caller.Workflow) && Matches(rule.Step, caller.Step)
                && (rule.MaxInputTokens is not { } most || (facts.Images == 0 && facts.TextBytes <= most * UsualBytesPerToken)))
            {
                return rule.Always ? Diversion.Always : Diversion.UnderPressure;
            }
        }

        return Diversion.Never;
    }

    /// <summary>The deployments, as bits, that can't be asked this, in no API.</summary>
    public ulong Closed(Operation operation) => _closed[(int)operation];

    /// <summary>The deployments, as bits, whose provider has no such path.</summary>
    public ulong ClosedTo(PassedPath path) => Where(deployment => deployment.Provider.PassedAddress(deployment.Target, path, string.Empty) is null);

    /// <summary>The deployments, as bits, that are not an account's.</summary>
    public ulong OutsideOf(string account) => Where(deployment => deployment.Account != account);

    /// <summary>The deployments, as bits, that are asked this in another API than the caller's, where its request can be translated.</summary>
    public ulong Crossed(Operation operation) => _crossed[(int)operation];

    private static bool Matches(string? pattern, string? name) => pattern is null
        || (name is not null && StarPattern.Matches(pattern, name, StringComparison.Ordinal));

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

/// <summary>How an account is reached by calls that name no model.</summary>
/// <param name="Configuration">The account.</param>
/// <param name="Route">A route whose one deployment stands for the account.</param>
/// <param name="IsShared">Whether several tenants may use it.</param>
internal sealed record AccountRoute(AccountConfiguration Configuration, Route Route, bool IsShared)
{
    /// <summary>The account's id.</summary>
    public string Id => Configuration.Id;

    /// <summary>The deployment that stands for it.</summary>
    public Deployment Deployment => Route.Deployments[0];
}

/// <summary>A pattern of a configuration: a whole text, or its beginning followed by a star.</summary>
internal static class StarPattern
{
    public static bool Matches(string pattern, string text, StringComparison comparison) =>
        pattern.EndsWith('*') ? text.AsSpan().StartsWith(pattern.AsSpan()[..^1], comparison) : text.Equals(pattern, comparison);
}
