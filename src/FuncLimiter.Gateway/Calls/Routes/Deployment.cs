using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Providers;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Translation;

namespace FuncLimiter.Gateway.Calls.Routes;

/// <summary>One model on one account, ready to be called.</summary>
public sealed class Deployment
{
    private readonly UpstreamAddress?[] _addresses;
    private readonly CallTranslation?[] _translations;

    internal Deployment(AccountConfiguration account, ModelConfiguration model, Provider provider)
    {
        Name = $"{account.Id}/{model.Model}";
        Account = account.Id;
        Provider = provider;
        Target = new ProviderTarget(account.Endpoint, account.ApiKey, model.Model, account.Region, account.Auth);
        Price = model.Price;
        Tier = model.Tier;
        _addresses = [.. Enum.GetValues<Operation>().Select(
            operation => provider.Offers(operation, Target) ? provider.Address(Target, operation, string.Empty) : null)];
        _translations = [.. Enum.GetValues<Operation>().Select(
            operation => Serves(operation) ? null : CallTranslation.For(operation, provider.WireOf(Target)))];
    }

    /// <summary>Its name as <c>account/model</c>.</summary>
    public string Name { get; }

    /// <summary>Its account's id.</summary>
    public string Account { get; }

    /// <summary>The rules of its provider.</summary>
    public Provider Provider { get; }

    /// <summary>Where and how it is called.</summary>
    public ProviderTarget Target { get; }

    /// <summary>What it costs, or null.</summary>
    public PriceConfiguration? Price { get; }

    /// <summary>Its class of models in reports of cost; null where it has none.</summary>
    public string? Tier { get; }

    /// <summary>Whether it can be asked this in the caller's own dialect, with nothing to translate.</summary>
    public bool Serves(Operation operation) =>
        _addresses[(int)operation] is not null && IsAnthropic(operation) == (Provider.Dialect == Dialect.Anthropic);

    /// <summary>How it can be asked this in another API than the caller's; null where it can't, or <see cref="Serves"/> it as it is.</summary>
    public CallTranslation? Translation(Operation operation) => _translations[(int)operation];

    /// <summary>The address of a call.</summary>
    /// <param name="operation">One that it <see cref="Serves"/>.</param>
    /// <param name="query">The caller's query string with its question mark, or empty.</param>
    public UpstreamAddress Address(Operation operation, string query) =>
        query.Length == 0 && _addresses[(int)operation] is { } address ? address : Provider.Address(Target, operation, query);

    private static bool IsAnthropic(Operation operation) => operation is Operation.Messages or Operation.CountTokens;
}
