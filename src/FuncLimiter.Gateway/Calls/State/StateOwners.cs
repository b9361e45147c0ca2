using FuncLimiter.Gateway.Calls.Routes;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Passing;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Gateway.Calls.State;

/// <summary>
/// Tells which account holds what a request goes on from (a response, a conversation, a file, a batch), and that it is this tenant's. Whoever
/// made something is noted as its answer goes by.
/// </summary>
/// <param name="logger">Is told of what could not be kept.</param>
/// <param name="store">What outlives the process; null where nothing does.</param>
internal sealed class StateOwners(GatewayConfiguration configuration, TimeProvider time, ILogger<StateOwners> logger, IStateStore? store = null)
{
    private const int MostRecent = 100_000;

    private readonly RecentState _recent = new(MostRecent);

    /// <summary>Whether anything has to be noted: one account alone, of one tenant, holds all there is.</summary>
    public bool IsNeeded { get; } = configuration.Accounts.Count > 1 || configuration.Tenants.Count > 1;

    /// <summary>Finds who holds what a request names.</summary>
    /// <param name="ids">What is named.</param>
    /// <param name="candidates">The accounts that could have made it.</param>
    public async ValueTask<StateHolding> FindAsync(
        string tenant, IReadOnlyList<string> ids, IReadOnlyCollection<string> candidates, CancellationToken cancellationToken)
    {
        var holding = default(StateHolding);
        foreach (var id in IsNeeded ? ids : [])
        {
            var owners = (await OwnersAsync(id, cancellationToken)).Where(owner => candidates.Contains(owner.Account)).ToArray();
            if (Array.FindLastIndex(owners, owner => owner.Tenant == tenant) is >= 0 and var place)
            {
                var account = owners[place].Account;
                holding = holding.Account is null || holding.Account == account
                    ? holding with { Account = account }
                    : holding with { Elsewhere = id };
            }
            else if (owners.Length > 0)
            {
                return holding with { Foreign = id };
            }
            else
            {
                holding = holding with { Unknown = holding.Unknown ?? id };
            }
        }

        return holding;
    }

    /// <summary>Notes what a whole answer made.</summary>
    public void Note(Attempt attempt, ReadOnlySpan<byte> body)
    {
        if (!IsNeeded || !Makes(attempt.Call, out var isNew))
        {
            return;
        }

        foreach (var id in StateIds.Made(body, isNew))
        {
            Keep(id, attempt);
        }
    }

    /// <summary>What finds the response that a stream begins with; null where there is nothing to be found.</summary>
    public StateScan? Scan(Attempt attempt) =>
        IsNeeded && attempt.Call is { Passed: null, Facts.Operation: Operation.Responses } && attempt.Crossing is null ? new StateScan(id => Keep(id, attempt)) : null;

    private static bool Makes(CallEnvelope call, out bool isNew)
    {
        isNew = call.Passed?.MakesState ?? call.Facts.Operation == Operation.Responses;
        return isNew || call.Passed is { Path.Generates: false };
    }

    private async ValueTask<IReadOnlyList<StateOwner>> OwnersAsync(string id, CancellationToken cancellationToken)
    {
        if (_recent.Find(id) is { } known)
        {
            return known;
        }

        if (store is null)
        {
            return [];
        }

        var kept = await store.FindAsync(id, cancellationToken);
        foreach (var owner in kept)
        {
            _recent.Add(id, owner);
        }

        return kept;
    }

    private void Keep(string id, Attempt attempt)
    {
        var owner = new StateOwner(attempt.Deployment.Account, attempt.Call.Caller.Tenant);
        if (_recent.Find(id) is { } known && known.Contains(owner))
        {
            return;
        }

        _recent.Add(id, owner);
        if (store is not null)
        {
            _ = KeepAsync(store, id, owner);
        }
    }

    private async Task KeepAsync(IStateStore kept, string id, StateOwner owner)
    {
        try
        {
            await kept.KeepAsync(id, owner, time.GetUtcNow());
        }
        catch (Exception failure)
        {
            logger.LogError(failure, "That account {Account} holds {Id} could not be kept; this process alone knows it.", owner.Account, id);
        }
    }
}

/// <summary>Who holds what a request names.</summary>
/// <param name="Account">The account that holds it; null where none is known.</param>
/// <param name="Elsewhere">What another account holds than the rest; null where one holds all.</param>
/// <param name="Foreign">What another tenant made; null where nothing.</param>
/// <param name="Unknown">What nobody is known to hold; null where nothing.</param>
internal readonly record struct StateHolding(string? Account, string? Elsewhere, string? Foreign, string? Unknown);

/// <summary>Finds the response's id in the beginning of a stream, however it is cut.</summary>
/// <param name="found">Is told of it, once.</param>
internal sealed class StateScan(Action<string> found)
{
    private const int MostBytes = 64 * 1024;

    private byte[] _beginning = [];
    private bool _isOver;

    /// <summary>Takes the next bytes.</summary>
    public void Append(ReadOnlySpan<byte> chunk)
    {
        if (_isOver)
        {
            return;
        }

        _beginning = [.. _beginning, .. chunk];
        if (StateIds.OfStream(_beginning) is { } id)
        {
            found(id);
        }
        else if (_beginning.Length < MostBytes)
        {
            return;
        }

        _isOver = true;
        _beginning = [];
    }
}

/// <summary>Who holds what was made or asked for lately. Bounded: the older half is forgotten as a whole, and asked for again.</summary>
/// <param name="most">How many ids to hold at most.</param>
internal sealed class RecentState(int most)
{
    private readonly Lock _gate = new();
    private Dictionary<string, StateOwner[]> _young = new(StringComparer.Ordinal);
    private Dictionary<string, StateOwner[]> _old = new(StringComparer.Ordinal);

    /// <summary>What is known of an id; null where nothing is.</summary>
    public IReadOnlyList<StateOwner>? Find(string id)
    {
        lock (_gate)
        {
            return _young.GetValueOrDefault(id) ?? _old.GetValueOrDefault(id);
        }
    }

    /// <summary>Adds an owner to those of an id.</summary>
    public void Add(string id, StateOwner owner)
    {
        lock (_gate)
        {
            var known = _young.GetValueOrDefault(id) ?? _old.GetValueOrDefault(id) ?? [];
            _young[id] = [.. known.Where(other => other.Account != owner.Account), owner];
            if (_young.Count > most / 2)
            {
                (_old, _young) = (_young, new Dictionary<string, StateOwner[]>(StringComparer.Ordinal));
            }
        }
    }
}

/// <summary>The accounts that could have made what a call of a route goes on from.</summary>
internal static class StateCandidates
{
    /// <summary>Their ids.</summary>
    public static IReadOnlyCollection<string> Of(RouteTable routes, string tenant, Route route) =>
        [.. route.Deployments.Select(deployment => deployment.Account).Distinct().Where(account => routes.MayUse(tenant, account))];

    /// <summary>How many there are.</summary>
    public static int Count(RouteTable routes, string tenant, Route route) => Of(routes, tenant, route).Count;
}

/// <summary>Keeps which account holds what it made for its callers, beyond the end of a process.</summary>
internal interface IStateStore
{
    /// <summary>Everybody who holds something under an id; ids are unique at one account only.</summary>
    Task<IReadOnlyList<StateOwner>> FindAsync(string id, CancellationToken cancellationToken);

    /// <summary>Keeps one, in place of what was kept under the same id of the same account.</summary>
    /// <param name="owner">Who holds it, and for whom.</param>
    /// <param name="now">When it was made.</param>
    Task KeepAsync(string id, StateOwner owner, DateTimeOffset now);
}

/// <summary>Who holds something that a provider keeps, and for whom.</summary>
/// <param name="Account">The account's id.</param>
/// <param name="Tenant">The tenant that made it.</param>
internal readonly record struct StateOwner(string Account, string Tenant);
