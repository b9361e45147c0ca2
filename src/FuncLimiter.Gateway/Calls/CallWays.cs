using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Calls.Errors;
using FuncLimiter.Gateway.Calls.Routes;
using FuncLimiter.Providers;
using FuncLimiter.Providers.Translation;

namespace FuncLimiter.Gateway.Calls;

/// <summary>Which of a route's deployments one call can be made at, as it is or in another API, and why not at the others.</summary>
internal sealed class CallWays
{
    private readonly CallEnvelope _call;
    private readonly ulong _forbidden;
    private readonly TranslatableRequest? _request;
    private readonly AnthropicBetas? _betas;
    private readonly List<(string Deployment, Loss Loss)>? _losses;

    private CallWays(Route route, CallEnvelope call, ulong forbidden)
    {
        Route = route;
        _call = call;
        _forbidden = forbidden;
        Diversion = route.DiversionOf(call.Caller, call.Facts);
        Closed = (call.Passed is { } passed ? route.ClosedTo(passed.Path) : route.Closed(call.Facts.Operation)) | forbidden
            | (Diversion == Diversion.Never ? route.Smaller : 0) | (call.KeptBy is { } account ? route.OutsideOf(account) : 0);
        var crossed = call.Passed is null ? route.Crossed(call.Facts.Operation) : 0;
        if (crossed == 0)
        {
            return;
        }

        _request = TranslatableRequest.Read(call.Facts.Operation, call.Body);
        _betas = AnthropicBetas.Of(call);
        _losses = [];
        var known = new Dictionary<(Provider, Wire), Loss?>();
        for (var place = 0; place < route.Deployments.Count; place++)
        {
            if ((crossed & ~Closed & (1UL << place)) != 0 && LossAt(route.Deployments[place], known) is { } loss)
            {
                Closed |= 1UL << place;
                _losses.Add((route.Deployments[place].Name, loss));
            }
        }
    }

    /// <summary>The route asked for.</summary>
    public Route Route { get; }

    /// <summary>The deployments, as bits, at which the call can't be made.</summary>
    public ulong Closed { get; }

    /// <summary>Whether it may be served by smaller models.</summary>
    public Diversion Diversion { get; }

    /// <summary>The deployments at which this call, and not just any of its tenant and route, can't be made.</summary>
    public IReadOnlyList<string> NotAt
    {
        get
        {
            var mask = Closed & ~_forbidden & ~Route.Smaller;
            return mask == 0 ? [] : [.. Route.Deployments.Where((_, place) => (mask & (1UL << place)) != 0).Select(deployment => deployment.Name)];
        }
    }

    /// <summary>Looks for the ways of a call; its request is read once, and only where it may have to be translated.</summary>
    /// <param name="forbidden">The deployments, as bits, that its tenant may not use.</param>
    public static CallWays Find(Route route, CallEnvelope call, ulong forbidden) => new(route, call, forbidden);

    /// <summary>How the call is made at a deployment in another API; null where it is made as it is.</summary>
    public CrossedCall? At(int place) =>
        Route.Deployments[place].Translation(_call.Facts.Operation) is { } translation ? new CrossedCall(translation, _request!, _betas!) : null;

    /// <summary>Why the call can be made nowhere; null where it can.</summary>
    public GatewayError? Fault() =>
        Closed != Route.All ? null
        : (_forbidden | Route.Smaller) == Route.All && _forbidden != 0 ? RouteErrors.NotAllowed(Route)
        : _call.KeptBy is { } account ? RouteErrors.KeptElsewhere(Route, account)
        : _call.Passed is { } passed ? RouteErrors.NotPassed(Route, passed)
        : _losses is not [var first, ..] ? RouteErrors.NotServed(Route, _call.Facts.Operation)
        : RouteErrors.NotTranslatable(Route, first.Loss, Reasons(_losses));

    /// <summary>An error that tells as well which deployments were no way, and why.</summary>
    public GatewayError Explain(GatewayError error) =>
        _losses is not { Count: > 0 } ? error
        : error with { Message = $"{error.Message} Not asked, since the request can't be translated: {Reasons(_losses)}." };

    private Loss? LossAt(Deployment deployment, Dictionary<(Provider, Wire), Loss?> known)
    {
        var translation = deployment.Translation(_call.Facts.Operation)!;
        var asked = (deployment.Provider, translation.Target);
        if (!known.TryGetValue(asked, out var loss))
        {
            loss = CrossedHeaders.Loss(_call, translation.Target == Wire.HostedMessages ? deployment.Provider.Messages : null)
                ?? (translation.Check(_request!, deployment.Provider) is [var first, ..] ? first : null);
            known.Add(asked, loss);
        }

        return loss;
    }

    private static string Reasons(List<(string Deployment, Loss Loss)> losses)
    {
        const int MostShown = 3;
        var shown = string.Join("; ", losses.Take(MostShown).Select(entry => $"{entry.Deployment} ({entry.Loss})"));
        return losses.Count > MostShown ? $"{shown}; and {losses.Count - MostShown} more" : shown;
    }
}
