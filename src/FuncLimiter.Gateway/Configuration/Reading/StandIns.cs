using FuncLimiter.Providers;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Translation;

namespace FuncLimiter.Gateway.Configuration.Reading;

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
            var isOffered = provider.Offers(operation, target) || CallTranslation.For(operation, provider.WireOf(target)) is not null;
            var isLikely = operation == Operation.Embeddings ? embeds || FreelyNamed.Contains(provider.Id) : !embeds;
            if (isOffered && isLikely)
            {
                served.Add(operation);
            }
        }

        return served;
    }
}
