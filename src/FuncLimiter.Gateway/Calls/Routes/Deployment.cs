using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Providers;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Translation;

namespace FuncLimiter.Gateway.Calls.Routes;

/// <summary>One model on one account, ready to be called.</summary>
internal sealed class Deployment
{
    private readonly CallTranslation?[] _translations;
    private volatile Way _way;

    internal Deployment(AccountConfiguration account, ModelConfiguration model, Provider provider)
    {
        Name = $"{account.Id}/{model.Model}";
        Account = account.Id;
        Provider = provider;
        _way = new Way(provider, new ProviderTarget(account.Endpoint, account.ApiKey, model.Model, account.Region, account.Auth) { Identity = account.Identity });
        Price = model.Price;
        Tier = model.Tier;
        _translations = [.. Enum.GetValues<Operation>().Select(
            operation => Serves(operation) ? null : CallTranslation.For(operation, provider.WireOf(Target, operation)))];
    }

    /// <summary>Its name as <c>account/model</c>.</summary>
    public string Name { get; }

    /// <summary>Its account's id.</summary>
    public string Account { get; }

    /// <summary>The rules of its provider.</summary>
    public Provider Provider { get; }

    /// <summary>Where and how it is called.</summary>
    public ProviderTarget Target => _way.Target;

    /// <summary>What it costs, or null.</summary>
    public PriceConfiguration? Price { get; }

    /// <summary>Its class of models in reports of cost; null where it has none.</summary>
    public string? Tier { get; }

    /// <summary>Whether it can be asked this in the caller's own dialect, with nothing to translate.</summary>
    public bool Serves(Operation operation) =>
        _way.Addresses[(int)operation] is not null && IsAnthropic(operation) == (Provider.Dialect == Dialect.Anthropic);

    /// <summary>How it can be asked this in another API than the caller's; null where it can't, or <see cref="Serves"/> it as it is.</summary>
    public CallTranslation? Translation(Operation operation) => _translations[(int)operation];

    /// <summary>The address of a call.</summary>
    /// <param name="operation">One that it <see cref="Serves"/>.</param>
    /// <param name="query">The caller's query string with its question mark, or empty.</param>
    public UpstreamAddress Address(Operation operation, string query)
    {
        var way = _way;
        return query.Length == 0 && way.Addresses[(int)operation] is { } address ? address : Provider.Address(way.Target, operation, query);
    }

    /// <summary>Opens its account with another key from now on.</summary>
    internal void OpenWith(string key) => _way = new Way(Provider, _way.Target with { ApiKey = key });

    /// <summary>Where it is called, and the addresses that don't change with the call.</summary>
    private sealed class Way(Provider provider, ProviderTarget target)
    {
        public ProviderTarget Target => target;

        public UpstreamAddress?[] Addresses { get; } = [.. Enum.GetValues<Operation>().Select(
            operation => provider.Offers(operation, target) ? provider.Address(target, operation, string.Empty) : null)];
    }

    private static bool IsAnthropic(Operation operation) => operation is Operation.Messages or Operation.CountTokens;
}
