using FuncLimiter.Providers;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Translation;

namespace FuncLimiter.Gateway.Configuration.Reading;

/// <summary>Looks up the deployments and the routes that routes name, and adds the routes that nobody wrote.</summary>
internal sealed class RouteResolver
{
    /// <summary>How many deployments a route may have, targets and fallbacks together: one bit each of an admission's mask.</summary>
    public const int MostDeployments = 64;

    private readonly MistakeList _mistakes;
    private readonly IReadOnlyList<RouteDraft> _written;
    private readonly Dictionary<string, List<string>> _deploymentsOfModel = new(StringComparer.Ordinal);
    private readonly HashSet<string> _deployments = new(StringComparer.Ordinal);
    private readonly StandIns _standIns;
    private readonly Dictionary<string, RouteDraft> _byName = new(StringComparer.Ordinal);

    public RouteResolver(IReadOnlyList<AccountConfiguration> accounts, IReadOnlyList<RouteDraft> written, MistakeList mistakes)
    {
        _mistakes = mistakes;
        _written = written;
        _standIns = new StandIns(accounts);
        foreach (var (model, name) in accounts.SelectMany(account => account.Models.Select(model => (model.Model, $"{account.Id}/{model.Model}"))))
        {
            if (model.Length > 0 && _deployments.Add(name))
            {
                if (!_deploymentsOfModel.TryGetValue(model, out var same))
                {
                    _deploymentsOfModel.Add(model, same = []);
                }

                same.Add(name);
            }
        }

        foreach (var draft in written.Where(draft => draft.Model.Length > 0))
        {
            _byName.TryAdd(draft.Model, draft);
        }
    }

    public List<RouteConfiguration> Resolve()
    {
        var routes = _written.Select(Resolve).ToList();
        foreach (var (model, same) in _deploymentsOfModel.Where(pair => !_byName.ContainsKey(pair.Key)))
        {
            if (same.Count > MostDeployments)
            {
                _mistakes.Add(
                    JsonPath.Member(JsonPath.Root, "routes"),
                    $"no route for {MistakeList.Quote(model)}, which {same.Count} accounts have",
                    $"write a route for it with at most {MostDeployments} deployments");
            }

            routes.Add(new RouteConfiguration(model, same, []));
        }

        return routes;
    }

    private RouteConfiguration Resolve(RouteDraft draft)
    {
        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        var targets = draft.Targets.Where(entry => IsTarget(draft, entry) && IsFirst(entry, seen)).Select(entry => entry.Text).ToList();
        var fallback = new List<string>();
        foreach (var entry in draft.Fallback)
        {
            if (_deployments.Contains(entry.Text))
            {
                if (IsFirst(entry, seen) && StandsIn(targets, entry, entry.Text))
                {
                    fallback.Add(entry.Text);
                }
            }
            else if (IsRoute(entry.Text))
            {
                // What another route brings along may well be there already.
                fallback.AddRange(Expand(draft, entry).Where(name => seen.TryAdd(name, entry.Path) && StandsIn(targets, entry, name)));
            }
            else
            {
                Unknown(entry, _deployments.Concat(_byName.Keys));
            }
        }

        var smaller = draft.Smaller.Where(entry => IsTarget(draft, entry) && IsFirst(entry, seen) && StandsIn(targets, entry, entry.Text)).Select(entry => entry.Text).ToList();
        var route = new RouteConfiguration(draft.Model, targets, fallback) { Smaller = smaller, Simple = draft.Simple };
        if (route.Places.Count() is > MostDeployments and var many)
        {
            _mistakes.Add(draft.Path, $"a route with {many} deployments", $"write at most {MostDeployments}, fallbacks and smaller models included");
        }

        return route;
    }

    private bool StandsIn(IReadOnlyList<string> targets, RouteEntry entry, string deployment)
    {
        if (_standIns.CanStandIn(targets, deployment))
        {
            return true;
        }

        var found = entry.Text == deployment ? MistakeList.Quote(deployment) : $"{MistakeList.Quote(entry.Text)}, which brings {MistakeList.Quote(deployment)}";
        _mistakes.Add(entry.Path, $"{found}, which can be asked nothing that the route's targets can, not even translated", _standIns.OnlyEmbeds(deployment)
            ? "write a deployment that answers, or leave it out: this one makes embeddings"
            : "write a deployment that makes embeddings, or leave it out");
        return false;
    }

    private bool IsTarget(RouteDraft draft, RouteEntry entry)
    {
        if (_deployments.Contains(entry.Text))
        {
            return true;
        }

        if (!IsRoute(entry.Text))
        {
            Unknown(entry, _deployments);
        }
        else if (entry.Text == draft.Model && _deploymentsOfModel.TryGetValue(entry.Text, out var same))
        {
            _mistakes.Add(entry.Path, $"{MistakeList.Quote(entry.Text)}, the route itself", $"write a deployment, for example \"{same[0]}\"");
        }
        else
        {
            _mistakes.Add(entry.Path, $"{MistakeList.Quote(entry.Text)}, a route", "write deployments as \"account/model\"; routes may stand in fallback only");
        }

        return false;
    }

    private bool IsFirst(RouteEntry entry, Dictionary<string, string> seen)
    {
        if (seen.TryAdd(entry.Text, entry.Path))
        {
            return true;
        }

        _mistakes.Add(entry.Path, $"{MistakeList.Quote(entry.Text)}, which stands at {seen[entry.Text]} already", "write each deployment of a route once");
        return false;
    }

    private bool IsRoute(string name) => _byName.ContainsKey(name) || _deploymentsOfModel.ContainsKey(name);

    /// <summary>The deployments of the route that an entry names, and of those that it names in turn; a loop is told once, at its entry.</summary>
    private List<string> Expand(RouteDraft origin, RouteEntry entry)
    {
        var found = new List<string>();
        var visited = new HashSet<string>(StringComparer.Ordinal);
        var pending = new Stack<string>([entry.Text]);
        while (pending.TryPop(out var name))
        {
            if (name == origin.Model)
            {
                _mistakes.Add(entry.Path, entry.Text == origin.Model
                    ? $"{MistakeList.Quote(entry.Text)}, the route itself"
                    : $"{MistakeList.Quote(entry.Text)}, which falls back to {MistakeList.Quote(origin.Model)} again", "leave it out: a route cannot fall back to itself");
                return [];
            }

            if (!visited.Add(name))
            {
                continue;
            }

            if (!_byName.TryGetValue(name, out var route))
            {
                found.AddRange(_deploymentsOfModel[name]);
                continue;
            }

            found.AddRange(route.Targets.Concat(route.Fallback).Select(next => next.Text).Where(_deployments.Contains));
            foreach (var next in route.Fallback.Where(next => !_deployments.Contains(next.Text) && IsRoute(next.Text)).Reverse())
            {
                pending.Push(next.Text);
            }
        }

        return found;
    }

    private void Unknown(RouteEntry entry, IEnumerable<string> known)
    {
        var nearest = NearestName.Of(entry.Text, known);
        var usual = _deploymentsOfModel.Values.FirstOrDefault()?[0];
        _mistakes.Add(entry.Path, $"{MistakeList.Quote(entry.Text)}, which no account has", nearest is not null
            ? $"write \"{nearest}\""
            : usual is not null ? $"write a deployment as \"account/model\", for example \"{usual}\"" : "write the model under an account first");
    }
}

/// <summary>
/// Tells which deployments can stand in for which others: those that can be asked something that the others can, as it is or translated.
/// A model makes embeddings, and nothing else, where its name says so; where names are the user's own, one that does not say so proves nothing.
/// </summary>
internal sealed class StandIns
{
    private static readonly string[] FreelyNamed = ["azure-openai", "openai-compatible"];

    private readonly Dictionary<string, HashSet<Operation>> _served = new(StringComparer.Ordinal);

    public StandIns(IReadOnlyList<AccountConfiguration> accounts)
    {
        foreach (var account in accounts)
        {
            if (ProviderCatalog.TryGet(account.Provider, out var provider))
            {
                foreach (var model in account.Models)
                {
                    _served.TryAdd($"{account.Id}/{model.Model}", Served(provider, account, model.Model));
                }
            }
        }
    }

    /// <summary>Whether there is anything that both a route's targets and a fallback can be asked; true where that is not known.</summary>
    public bool CanStandIn(IReadOnlyList<string> targets, string fallback)
    {
        if (!_served.TryGetValue(fallback, out var there) || !targets.All(_served.ContainsKey))
        {
            return true;
        }

        return targets.Count == 0 || targets.Any(target => _served[target].Overlaps(there));
    }

    /// <summary>Whether a deployment makes embeddings and nothing else.</summary>
    public bool OnlyEmbeds(string deployment) => _served.TryGetValue(deployment, out var served) && served.SetEquals([Operation.Embeddings]);

    private static HashSet<Operation> Served(Provider provider, AccountConfiguration account, string model)
    {
        var target = new ProviderTarget(account.Endpoint, account.ApiKey, model, account.Region);
        var embeds = model.Contains("embed", StringComparison.OrdinalIgnoreCase);
        var served = new HashSet<Operation>();
        foreach (var operation in Enum.GetValues<Operation>())
        {
            var isOffered = provider.Offers(operation, target) || CallTranslation.For(operation, provider.WireOf(target, operation)) is not null;
            var isLikely = operation == Operation.Embeddings ? embeds || FreelyNamed.Contains(provider.Id) : !embeds;
            if (isOffered && isLikely)
            {
                served.Add(operation);
            }
        }

        return served;
    }
}
