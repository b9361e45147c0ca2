using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using FuncLimiter.Gateway.Configuration.Reading;

namespace FuncLimiter.Gateway.Configuration;

/// <summary>Reads <c>funclimiter.json</c>: all of it, or every mistake in it. Never throws for what the text holds.</summary>
internal static class ConfigurationReader
{
    /// <summary>The largest configuration that is read, in bytes.</summary>
    public const int MostBytes = 16 * 1024 * 1024;

    private static readonly JsonDocumentOptions Options = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    /// <summary>Reads a configuration.</summary>
    /// <param name="json">JSON text; comments and trailing commas are taken.</param>
    /// <param name="environment">The value of an environment variable, or null; fills in <c>${NAME}</c>.</param>
    public static ConfigurationResult Read(string json, Func<string, string?> environment) =>
        Read(Encoding.UTF8.GetBytes(json), environment);

    /// <summary>Reads a configuration.</summary>
    /// <param name="json">JSON text in UTF-8; comments, trailing commas and a byte order mark are taken.</param>
    /// <param name="environment">The value of an environment variable, or null; fills in <c>${NAME}</c>.</param>
    public static ConfigurationResult Read(ReadOnlySpan<byte> json, Func<string, string?> environment)
    {
        if (json.Length > MostBytes)
        {
            return Wrong($"{json.Length} bytes", $"write at most {MostBytes} bytes");
        }

        json = json.StartsWith(Encoding.UTF8.Preamble) ? json[Encoding.UTF8.Preamble.Length..] : json;
        if (!Utf8.IsValid(json))
        {
            return Wrong("bytes that are not UTF-8", "save the file as UTF-8");
        }

        try
        {
            using var document = JsonDocument.Parse(json.ToArray(), Options);
            return Undecodable(document.RootElement, JsonPath.Root) is { } path
                ? Wrong("half of a surrogate pair", "write both halves, \\uD8xx\\uDCxx, or the letter itself", path)
                : ReadRoot(document.RootElement, environment);
        }
        catch (JsonException broken)
        {
            var place = $"line {broken.LineNumber + 1}, column {broken.BytePositionInLine + 1}";
            return Wrong($"broken JSON at {place}", $"mend it there: {Reason(broken)}");
        }
    }

    private static ConfigurationResult ReadRoot(JsonElement element, Func<string, string?> environment)
    {
        var mistakes = new MistakeList();
        if (ObjectReader.Open(element, JsonPath.Root, Shapes.Root, mistakes) is not { } root)
        {
            return new ConfigurationResult(mistakes.All());
        }

        var secrets = new SecretReader(environment, mistakes);
        var settings = new SettingsReader(mistakes, secrets);
        _ = root.Text("$schema");
        var sharedLimits = new SharedLimitsReader(mistakes);
        var prices = PricesReader.Read(root, mistakes);
        var accounts = new AccountsReader(mistakes, secrets, sharedLimits, prices).Read(root);
        var routes = new RouteResolver(accounts, new RoutesReader(mistakes).Read(root), mistakes).Resolve();
        var tenants = new TenantsReader(mistakes, secrets, accounts, [.. routes.Select(route => route.Model)]).Read(root);
        SharedKeys.Check(accounts, tenants, mistakes);
        var configuration = new GatewayConfiguration
        {
            Accounts = accounts,
            SharedLimits = sharedLimits.Read(root),
            Routes = routes,
            Tenants = tenants,
            Prices = prices,
            Budgets = new BudgetsReader(mistakes, accounts, tenants).Read(root),
            Queue = settings.Queue(root),
            Alerts = settings.Alerts(root),
            Jobs = settings.Jobs(root),
            Usage = UsageReader.Read(root, mistakes),
            Record = settings.Record(root),
            Admin = settings.Admin(root),
            CorsOrigins = CorsReader.Read(root, mistakes),
        };
        MoneyLimit.CheckPrices(configuration, mistakes);
        BudgetsReader.CheckPrices(configuration, mistakes);
        return mistakes.Count == 0 ? new ConfigurationResult(configuration) : new ConfigurationResult(mistakes.All());
    }

    private static ConfigurationResult Wrong(string found, string fix, string path = JsonPath.Root) =>
        new([new ConfigurationMistake(path, found, fix)]);

    // The parser repeats the place at the end of its message, counted from zero.
    private static string Reason(JsonException broken)
    {
        var end = broken.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return end > 0 ? broken.Message[..end] : broken.Message;
    }

    /// <summary>The path of the first text that no string can hold; such an escape is legal JSON.</summary>
    private static string? Undecodable(JsonElement element, string path)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                return CanDecode(element) ? null : path;
            case JsonValueKind.Array:
                return element.EnumerateArray().Select((item, index) => Undecodable(item, JsonPath.Item(path, index))).FirstOrDefault(found => found is not null);
            case JsonValueKind.Object:
                foreach (var member in element.EnumerateObject())
                {
                    if (!CanDecode(member))
                    {
                        return path;
                    }

                    if (Undecodable(member.Value, JsonPath.Member(path, member.Name)) is { } found)
                    {
                        return found;
                    }
                }

                return null;
            default:
                return null;
        }
    }

    private static bool CanDecode(JsonElement text) => CanDecode(text, static element => element.GetString());

    private static bool CanDecode(JsonProperty member) => CanDecode(member, static property => property.Name);

    private static bool CanDecode<T>(T from, Func<T, string?> decode)
    {
        try
        {
            return decode(from) is not null;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}

/// <summary>What came of reading: a configuration, or every mistake in it; never both.</summary>
internal sealed class ConfigurationResult
{
    internal ConfigurationResult(GatewayConfiguration configuration)
    {
        Configuration = configuration;
        Mistakes = [];
    }

    internal ConfigurationResult(IReadOnlyList<ConfigurationMistake> mistakes) => Mistakes = mistakes;

    /// <summary>True when there is a configuration.</summary>
    [MemberNotNullWhen(true, nameof(Configuration))]
    public bool IsValid => Configuration is not null;

    /// <summary>The configuration; null where there are mistakes.</summary>
    public GatewayConfiguration? Configuration { get; }

    /// <summary>All mistakes, in the order of the file; empty where there is a configuration.</summary>
    public IReadOnlyList<ConfigurationMistake> Mistakes { get; }
}

/// <summary>One thing wrong with a configuration.</summary>
/// <param name="Path">Where, as a JSON path, for example <c>$.accounts[0].models[1].limits.tpm</c>.</param>
/// <param name="Found">What stands there; a secret is masked.</param>
/// <param name="Fix">What to write instead.</param>
internal sealed record ConfigurationMistake(string Path, string Found, string Fix)
{
    /// <summary>The mistake as one line for a person.</summary>
    public override string ToString() => $"{Path}: found {Found}; {Fix}";
}

/// <summary>
/// Finds keys that tenants of several organizations would share. Most providers' terms forbid that for a key that is not made for it, so a
/// person must have checked them.
/// </summary>
internal static class SharedKeys
{
    public static void Check(IReadOnlyList<AccountConfiguration> accounts, IReadOnlyList<TenantConfiguration> tenants, MistakeList mistakes)
    {
        for (var index = 0; index < accounts.Count; index++)
        {
            var account = accounts[index];
            var sharers = tenants.Where(tenant => tenant.Allow?.Admits(account) ?? true).DistinctBy(tenant => tenant.Organization).Take(2).ToList();
            if (!account.TermsChecked && sharers is [var one, var other])
            {
                mistakes.Add(
                    JsonPath.Item(JsonPath.Member(JsonPath.Root, "accounts"), index),
                    $"a key that {MistakeList.Quote(one.Id)} and {MistakeList.Quote(other.Id)} share, which are of different organizations",
                    "check the provider's terms and write \"termsChecked\": true, or give the tenants accounts of their own by \"allow\"");
            }
        }
    }
}
