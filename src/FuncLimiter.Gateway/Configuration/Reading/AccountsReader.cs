using System.Text.RegularExpressions;
using FuncLimiter.Providers;

namespace FuncLimiter.Gateway.Configuration.Reading;

/// <summary>Reads the accounts and their models.</summary>
internal sealed partial class AccountsReader(MistakeList mistakes, SecretReader secrets, SharedLimitsReader sharedLimits, PriceCatalogue? catalogue)
{
    private const int LongestModel = 256;

    private readonly LimitsReader _limits = new(mistakes);
    private readonly AuthReader _auth = new(mistakes);
    private readonly PriceReader _prices = new(mistakes);
    private readonly LimitSourceReader _sources = new(mistakes, secrets);

    public List<AccountConfiguration> Read(ObjectReader root)
    {
        var accounts = new List<AccountConfiguration>();
        var ids = new UniqueNames(mistakes, "another account");
        foreach (var (path, element) in root.List("accounts", required: true))
        {
            if (ObjectReader.Open(element, path, Shapes.Account, mistakes) is { } reader)
            {
                accounts.Add(ReadAccount(reader, ids));
            }
        }

        return accounts;
    }

    /// <summary>True for ids that can stand in a path, a header and a log line without quoting.</summary>
    public static bool IsId(string text) => Id().IsMatch(text);

    private AccountConfiguration ReadAccount(ObjectReader reader, UniqueNames ids)
    {
        var id = reader.Text("id", required: true);
        if (id is not null && !IsId(id))
        {
            mistakes.Add(reader.At("id"), MistakeList.Quote(id), $"write {Shapes.Account["id"].Wanted}");
        }
        else
        {
            ids.Add(id, reader.At("id"));
        }

        var provider = ReadProvider(reader);
        var rule = CountingRule.OfProvider(provider);
        var endpoint = EndpointReader.Read(reader, provider, secrets, mistakes);
        var (auth, identity) = _auth.Read(reader, provider, endpoint);
        var (key, keyFile) = ReadKey(reader, auth, provider);
        var limits = _limits.Read(reader, "limits", rule);
        var source = _sources.Read(reader, provider, key, endpoint);
        var models = ReadModels(reader, provider, rule, limits, source is not null);
        return new AccountConfiguration(id ?? string.Empty, provider ?? string.Empty, reader.Text("region"), endpoint, key ?? string.Empty, limits.Limits, models)
        {
            Auth = auth,
            Identity = identity,
            ApiKeyFile = keyFile,
            TermsChecked = reader.Truth("termsChecked") ?? false,
            SharedLimits = sharedLimits.Named(reader, Shapes.Account, provider, limits),
            LimitSource = source,
            Batch = new BatchReader(mistakes).Read(reader, provider),
            Paths = PathPatterns.Read(reader, Shapes.Account, mistakes),
        };
    }

    private (string? Key, string? File) ReadKey(ObjectReader reader, ProviderAuth auth, string? provider)
    {
        const string member = "apiKeyFile";
        if (!reader.Has(member))
        {
            return (secrets.Secret(reader, "apiKey", required: auth == ProviderAuth.Key && (provider is null || !KnownProviders.MayLackKey(provider))), null);
        }

        if (reader.Has("apiKey"))
        {
            mistakes.Add(reader.At(member), "a file beside an apiKey", "leave out one of the two");
        }

        return auth == ProviderAuth.Key && secrets.Filled(reader, member) is { } file ? (secrets.InFile(file, reader.At(member)), file) : (null, null);
    }

    private string? ReadProvider(ObjectReader reader)
    {
        var provider = reader.Text("provider", required: true);
        if (provider is null || KnownProviders.Ids.Contains(provider))
        {
            return provider;
        }

        mistakes.Add(reader.At("provider"), MistakeList.Quote(provider), NearestName.Of(provider, KnownProviders.Ids) is { } nearest
            ? $"write \"{nearest}\""
            : $"write one of {string.Join(", ", KnownProviders.Ids)}");
        return null;
    }

    private List<ModelConfiguration> ReadModels(ObjectReader account, string? provider, CountingRule rule, LimitSet accounts, bool hasSource)
    {
        var models = new List<ModelConfiguration>();
        var names = new UniqueNames(mistakes, "another model of this account");
        foreach (var (path, element) in account.List("models", required: true))
        {
            if (ObjectReader.Open(element, path, Shapes.Model, mistakes) is not { } reader)
            {
                continue;
            }

            var name = reader.Text("model", required: true);
            if (name is not null && !IsModel(name))
            {
                mistakes.Add(reader.At("model"), MistakeList.Quote(name), $"write a name of at most {LongestModel} characters, not *, without spaces at its ends");
            }
            else
            {
                names.Add(name, reader.At("model"));
            }

            var own = reader.Says("limits", OpenLimits.Auto)
                ? OpenLimits.Of(reader, provider, rule, hasSource, mistakes)
                : _limits.Read(reader, "limits", rule);
            _limits.CheckWithin(reader.At("limits"), own, accounts, "its account's");
            models.Add(new ModelConfiguration(name ?? string.Empty, own.Limits, _prices.Read(reader) ?? catalogue?.Find(provider, name)?.Price)
            {
                SharedLimits = sharedLimits.Named(reader, Shapes.Model, provider, own),
                Tier = ReadTier(reader),
            });
        }

        return models;
    }

    internal static bool IsModel(string name) =>
        name.Length <= LongestModel && name.Trim().Length == name.Length && !name.Any(char.IsControl)
        && name != ModelConfiguration.Any && !name.EndsWith($"/{ModelConfiguration.Any}", StringComparison.Ordinal);

    private string? ReadTier(ObjectReader model)
    {
        var tier = model.Text("tier");
        if (tier is not null && !IsId(tier))
        {
            mistakes.Add(model.At("tier"), MistakeList.Quote(tier), $"write {Shapes.Model["tier"].Wanted}");
        }

        return tier;
    }

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Id();
}

/// <summary>Reads an account's base address.</summary>
internal static class EndpointReader
{
    private const string Name = "endpoint";

    /// <summary>Stands in for an address that is missing or wrong, so that reading can go on.</summary>
    private static readonly Uri Placeholder = new("https://invalid.invalid");

    public static Uri Read(ObjectReader account, string? provider, SecretReader secrets, MistakeList mistakes)
    {
        if (!account.Has(Name))
        {
            return Usual(account, provider, mistakes);
        }

        if (secrets.Filled(account, Name) is not { } text)
        {
            return Placeholder;
        }

        if (Fault(text, out var endpoint) is not { } fix)
        {
            return endpoint!;
        }

        var written = account.Text(Name)!;
        mistakes.Add(account.At(Name), written.Contains('@', StringComparison.Ordinal) ? MistakeList.Mask(written) : MistakeList.Quote(written), fix);
        return Placeholder;
    }

    private static Uri Usual(ObjectReader account, string? provider, MistakeList mistakes)
    {
        if (provider is null)
        {
            return Placeholder;
        }

        if (KnownProviders.DefaultEndpoint(provider) is { } endpoint)
        {
            return endpoint;
        }

        mistakes.Add(account.At(Name), MistakeList.Nothing, $"write the base address, for example \"{KnownProviders.EndpointExample(provider)}\"");
        return Placeholder;
    }

    private static string? Fault(string text, out Uri? endpoint)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out endpoint)
            || (endpoint.Scheme != Uri.UriSchemeHttps && endpoint.Scheme != Uri.UriSchemeHttp)
            || endpoint.Host.Length == 0)
        {
            return "write a whole address that begins with https:// or http://";
        }

        if (endpoint.UserInfo.Length > 0)
        {
            return "leave the user name and password out of the address, and write the key as apiKey";
        }

        return endpoint.Query.Length > 0 || endpoint.Fragment.Length > 0 ? "leave out everything from '?' or '#' on" : null;
    }
}

/// <summary>Reads what a model costs.</summary>
internal sealed class PriceReader(MistakeList mistakes)
{
    private const decimal MostPrice = 1_000_000;

    public PriceConfiguration? Read(ObjectReader model)
    {
        if (model.Inner("price", Shapes.Price) is not { } reader)
        {
            return null;
        }

        var input = reader.Number("input", 0, MostPrice, required: true);
        var output = reader.Number("output", 0, MostPrice, required: true);
        var cached = reader.Number("cachedInput", 0, MostPrice);
        if (cached > input)
        {
            mistakes.Add(reader.At("cachedInput"), $"{cached}, above the input price of {input}", "write at most the input price, or leave it out");
        }

        return new PriceConfiguration(input ?? 0, cached ?? input ?? 0, output ?? 0)
        {
            CacheWrite = reader.Number("cacheWrite", 0, MostPrice),
            BatchDiscount = reader.Number("batchDiscount", 0, 1) ?? PriceConfiguration.UsualBatchDiscount,
        };
    }
}

/// <summary>What a configuration must know of providers.</summary>
internal static class KnownProviders
{
    /// <summary>The ids that <c>provider</c> may have.</summary>
    public static readonly IReadOnlyList<string> Ids = [.. ProviderCatalog.Ids.Order(StringComparer.Ordinal)];

    /// <summary>The provider's usual base address; null where every account has its own.</summary>
    public static Uri? DefaultEndpoint(string id) => ProviderCatalog.Get(id).DefaultEndpoint;

    /// <summary>True where servers without any key are common: models on one's own machines.</summary>
    public static bool MayLackKey(string id) => id == "openai-compatible";

    /// <summary>What an address of one's own looks like.</summary>
    public static string EndpointExample(string id) => id switch
    {
        "azure-openai" => "https://NAME.openai.azure.com",
        "bedrock" => "https://bedrock-runtime.us-east-1.amazonaws.com",
        "vertex" => "https://REGION-aiplatform.googleapis.com/v1/projects/PROJECT/locations/REGION/endpoints/openapi",
        _ => "http://localhost:8000",
    };
}
