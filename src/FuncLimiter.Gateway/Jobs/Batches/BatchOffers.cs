using FuncLimiter.Core.Batching;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Routes;
using FuncLimiter.Gateway.Calls.Upstream;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Providers.Batches;
using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Gateway.Jobs.Batches;

/// <summary>The deployments whose batch services may be used, and which calls go there.</summary>
internal sealed class BatchOffers
{
    private readonly Dictionary<string, BatchOffer> _offers = new(StringComparer.Ordinal);
    private readonly RouteTable _routes;

    /// <summary>Finds them in a configuration.</summary>
    /// <param name="configuration">A valid configuration.</param>
    /// <param name="services">The batch service of a provider; null for those of <see cref="ProviderBatches.Of"/>.</param>
    public BatchOffers(GatewayConfiguration configuration, RouteTable routes, Func<string, ProviderBatches?>? services = null)
    {
        services ??= ProviderBatches.Of;
        _routes = routes;
        var accounts = configuration.Accounts.ToDictionary(account => account.Id, StringComparer.Ordinal);
        foreach (var deployment in routes.Routes.SelectMany(route => route.Deployments).DistinctBy(deployment => deployment.Name))
        {
            if (accounts[deployment.Account] is { Batch: { } batch, Provider: var provider } && services(provider) is { } service)
            {
                _offers.Add(deployment.Name, BatchOffer.Of(deployment, service, batch));
            }
        }
    }

    /// <summary>Whether any may be used.</summary>
    public bool Any => _offers.Count > 0;

    /// <summary>The offer of a deployment; null where it has none (any more).</summary>
    public BatchOffer? Find(string deployment) => _offers.GetValueOrDefault(deployment);

    /// <summary>The lane that a call goes to; null where it is made normally.</summary>
    /// <param name="timeLeft">The time to its deadline.</param>
    public BatchLane? Choose(CallEnvelope call, TimeSpan timeLeft)
    {
        // A batch answers by itself, hours later: money of a limit for a day can't be reserved for it.
        if (_offers.Count == 0 || _routes.CountsMoney(call.Caller.Tenant) || !_routes.TryGet(call.Facts.Model, out var route))
        {
            return null;
        }

        // Smaller models are for when there is pressure, of which batches know none.
        var closed = route.Smaller | _routes.ClosedTo(call.Caller.Tenant, route);
        for (var place = 0; place < route.Deployments.Count; place++)
        {
            var deployment = route.Deployments[place];
            if ((closed & (1UL << place)) == 0
                && _offers.TryGetValue(deployment.Name, out var offer)
                && BatchValve.Takes(offer.Terms, call.Caller.Priority, timeLeft) && BatchForm.Find(offer, call) is not null)
            {
                return new BatchLane(deployment.Name, call.Facts.Operation);
            }
        }

        return null;
    }
}

/// <summary>A deployment whose provider's batch service may be used.</summary>
/// <param name="Deployment">The deployment.</param>
/// <param name="Service">The provider's batch service.</param>
/// <param name="Terms">Within which bounds.</param>
internal sealed record BatchOffer(Deployment Deployment, ProviderBatches Service, BatchTerms Terms)
{
    /// <summary>A batch is held in memory while it is handed in.</summary>
    private const long UsualBytes = 64 * 1024 * 1024;

    /// <summary>What a deployment's batch service may be used for, by the configuration of its account.</summary>
    public static BatchOffer Of(Deployment deployment, ProviderBatches service, BatchConfiguration batch) => new(deployment, service, new BatchTerms
    {
        LeastTime = batch.LeastTime,
        Reserve = batch.Reserve,
        CollectFor = batch.CollectFor,
        PollEvery = batch.PollEvery,
        FewestCalls = batch.MinCalls,
        MostCalls = batch.MaxCalls ?? service.MostCalls,
        MostBytes = batch.MaxBytes ?? Math.Min(UsualBytes, service.MostBytes),
        MostQueuedTokens = batch.MaxQueuedTokens,
    });

    /// <summary>The account to ask the service about, and the way there.</summary>
    public BatchAccount At(UpstreamClient upstream) => new(Deployment.Target, upstream.Invoker);
}

/// <summary>Calls that can be in one batch: of one deployment, asking the same of it.</summary>
/// <param name="Deployment">The deployment, as <c>account/model</c>.</param>
/// <param name="Operation">What is asked.</param>
internal sealed record BatchLane(string Deployment, Operation Operation)
{
    /// <summary>Reads what <see cref="ToString"/> wrote; null for anything else.</summary>
    public static BatchLane? Parse(string text)
    {
        return text.IndexOf(' ', StringComparison.Ordinal) is > 0 and var end && Enum.TryParse(text.AsSpan(0, end), out Operation operation)
            ? new BatchLane(text[(end + 1)..], operation)
            : null;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Operation} {Deployment}";
}
