using System.Collections.Frozen;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Configuration;

namespace FuncLimiter.Gateway.Operations;

/// <summary>How many of each route's deployments are its targets: what goes past them was diverted.</summary>
internal sealed class RouteTargets(GatewayConfiguration configuration)
{
    private readonly FrozenDictionary<string, int> _targets =
        configuration.Routes.ToFrozenDictionary(route => route.Model, route => route.Targets.Count, StringComparer.Ordinal);

    private readonly FrozenDictionary<string, string[]> _deployments = configuration.Routes.ToFrozenDictionary(
        route => route.Model, route => route.Places.ToArray(), StringComparer.Ordinal);

    private readonly FrozenDictionary<string, FrozenSet<string>> _sharers = configuration.SharedLimits.ToFrozenDictionary(
        shared => shared.Id,
        shared => configuration.Accounts
            .SelectMany(account => account.Models.Where(model => account.SharedBy(model).Contains(shared.Id)).Select(model => $"{account.Id}/{model.Model}"))
            .ToFrozenSet(StringComparer.Ordinal),
        StringComparer.Ordinal);

    /// <summary>The deployments that count against a shared limit; none where there is no such limit.</summary>
    public IReadOnlySet<string> Sharers(string sharedLimit) => sharedLimit.StartsWith(FoundLimit.Prefix, StringComparison.Ordinal)
        ? Members(sharedLimit[FoundLimit.Prefix.Length..].Split('+'))
        : _sharers.GetValueOrDefault(sharedLimit, FrozenSet<string>.Empty);

    /// <summary>Whether a place of a route is one of its fallbacks.</summary>
    public bool IsFallback(string route, int place) => _targets.TryGetValue(route, out var targets) && place >= targets;

    /// <summary>The targets of a route; none where there is no such route.</summary>
    public IEnumerable<string> Targets(string route) =>
        _targets.TryGetValue(route, out var targets) ? _deployments[route].Take(targets) : [];

    /// <summary>The deployment at a place of a route; null where there is none.</summary>
    public string? Deployment(string route, int place) =>
        _deployments.TryGetValue(route, out var deployments) && place >= 0 && place < deployments.Length ? deployments[place] : null;

    // Ids of deployments, or of accounts with all that they have.
    private FrozenSet<string> Members(string[] ids) => configuration.Accounts
        .SelectMany(account => account.Models.Select(model => (Account: account.Id, Deployment: $"{account.Id}/{model.Model}")))
        .Where(place => ids.Contains(place.Deployment) || ids.Contains(place.Account))
        .Select(place => place.Deployment)
        .ToFrozenSet(StringComparer.Ordinal);
}
