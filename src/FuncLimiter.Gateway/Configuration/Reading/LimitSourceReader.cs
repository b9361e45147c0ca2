using System.Text.RegularExpressions;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Providers;
using FuncLimiter.Providers.Limits;

namespace FuncLimiter.Gateway.Configuration.Reading;

/// <summary>Reads where an account's limits are read from.</summary>
internal sealed partial class LimitSourceReader(MistakeList mistakes, SecretReader secrets)
{
    private const decimal MostSeconds = 24 * 3600;

    private static readonly TimeSpan Usual = TimeSpan.FromMinutes(5);

    /// <summary>What is asked about, by provider, and whether it must be named.</summary>
    private static readonly Dictionary<string, (string Member, bool IsRequired)> Scopes = new(StringComparer.Ordinal)
    {
        ["openai"] = ("project", true),
        ["anthropic"] = ("workspace", false),
        ["azure-openai"] = ("resource", true),
    };

    public LimitSourceConfiguration? Read(ObjectReader account, string? provider, string? apiKey, Uri accountsEndpoint)
    {
        const string name = "limitSource";
        if (account.Inner(name, Shapes.LimitSource) is not { } reader || provider is null)
        {
            return null;
        }

        if (!LimitSource.Providers.Contains(provider))
        {
            mistakes.Add(account.At(name), $"{name} at {provider}", $"leave it out; limits can be read from {string.Join(", ", LimitSource.Providers)}");
            return null;
        }

        var scope = ReadScope(reader, provider);
        var region = BedrockRegion.Of(accountsEndpoint, account.Text("region"));
        if (provider == "bedrock" && region is null)
        {
            mistakes.Add(account.At("region"), MistakeList.Nothing, "write the region whose quotas are read, for example \"us-east-1\"");
        }

        var source = LimitSource.Of(provider, new LimitSubject(scope) { Region = region })!;
        var endpoint = reader.Has("endpoint") ? EndpointReader.Read(reader, provider, secrets, mistakes) : source.Address ?? accountsEndpoint;
        return new LimitSourceConfiguration(
            ReadKey(reader, provider) ?? (provider == "openrouter" ? apiKey : null) ?? string.Empty,
            scope,
            endpoint,
            reader.Number("everySeconds", 1, MostSeconds) is { } seconds ? TimeSpan.FromSeconds((double)seconds) : Usual)
        {
            Location = ReadLocation(reader, provider),
        };
    }

    private string? ReadLocation(ObjectReader reader, string provider)
    {
        const string name = "location";
        if (reader.Text(name) is not { } location)
        {
            return null;
        }

        if (provider != "azure-openai")
        {
            mistakes.Add(reader.At(name), $"{name} at {provider}", "leave it out");
        }
        else if (!Location().IsMatch(location))
        {
            mistakes.Add(reader.At(name), MistakeList.Quote(location), $"write {Shapes.LimitSource[name].Wanted}");
        }

        return location;
    }

    // Azure is opened by a token, AWS by a signature, OpenRouter by the account's own key.
    private string? ReadKey(ObjectReader reader, string provider)
    {
        const string name = "adminKey";
        if (provider is "openai" or "anthropic")
        {
            return secrets.Secret(reader, name, required: true);
        }

        if (reader.Has(name))
        {
            mistakes.Add(reader.At(name), $"a key beside {provider}", provider switch
            {
                "openrouter" => "leave it out: the account's own key is used",
                "bedrock" => "leave it out: AWS credentials are used, those of the account's identity or of the default chain",
                _ => "leave it out: a token of Entra ID for the identity that FuncLimiter runs as is used",
            });
        }

        return null;
    }

    private string? ReadScope(ObjectReader reader, string provider)
    {
        var wanted = Scopes.GetValueOrDefault(provider);
        foreach (var other in Scopes.Values.Select(static scope => scope.Member).Where(member => member != wanted.Member && reader.Has(member)))
        {
            mistakes.Add(reader.At(other), $"{other} at {provider}", wanted.Member is null ? "leave it out" : $"leave it out, or write {wanted.Member}");
        }

        if (wanted.Member is not { } name || reader.Text(name, wanted.IsRequired) is not { } text)
        {
            return null;
        }

        if (name == "resource" && !Resource().IsMatch(text))
        {
            mistakes.Add(reader.At(name), MistakeList.Quote(text), $"write {Shapes.LimitSource[name].Wanted}");
        }

        return text;
    }

    [GeneratedRegex(@"^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.CognitiveServices/accounts/[^/]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex Resource();

    [GeneratedRegex(@"^[a-z0-9]{2,40}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Location();
}

/// <summary>Limits that nobody wrote: what a provider's answers or its API tell, and until they have, a careful beginning.</summary>
internal static class OpenLimits
{
    /// <summary>What stands for them in the file.</summary>
    public const string Auto = "auto";

    /// <summary>How many calls may go out before anything was told. The first answer tells; what it costs in tokens is not held back.</summary>
    private const long FirstCalls = 10;

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    // What each provider's answers report, or its API tells: docs/limits.md.
    private static readonly Dictionary<string, (Dimension Dimension, TimeSpan Window)[]> Told = new(StringComparer.Ordinal)
    {
        ["openai"] = [(Dimension.Requests, Minute), (Dimension.Tokens, Minute)],
        ["anthropic"] = [(Dimension.Requests, Minute), (Dimension.InputTokens, Minute), (Dimension.OutputTokens, Minute)],
        ["azure-openai"] = [(Dimension.Requests, Minute), (Dimension.Tokens, Minute)],
        ["bedrock"] =
        [
            (Dimension.Requests, Minute), (Dimension.Tokens, Minute), (Dimension.InputTokens, Minute), (Dimension.OutputTokens, Minute), (Dimension.Tokens, Day),
        ],
        ["openrouter"] = [(Dimension.Requests, Minute), (Dimension.Requests, Day)],
        ["groq"] = [(Dimension.Requests, Day), (Dimension.Tokens, Minute)],
        ["mistral"] = [(Dimension.Requests, Minute), (Dimension.Tokens, Minute)],
        ["xai"] = [(Dimension.Requests, Minute), (Dimension.Tokens, Minute)],
    };

    /// <summary>Those whose answers don't tell enough.</summary>
    private static readonly string[] ByApiOnly = ["azure-openai", "bedrock", "openrouter"];

    public static LimitSet Of(ObjectReader model, string? provider, CountingRule rule, bool hasSource, MistakeList mistakes)
    {
        if (provider is null)
        {
            return LimitSet.None;
        }

        if (!Told.TryGetValue(provider, out var told))
        {
            mistakes.Add(model.At("limits"), $"\"{Auto}\" at {provider}", "write the limits: no API and no answer of this provider tells them all");
            return LimitSet.None;
        }

        if (!hasSource && ByApiOnly.Contains(provider))
        {
            mistakes.Add(model.At("limits"), $"\"{Auto}\" at {provider} without a limitSource", "write the account's limitSource: its answers don't tell enough");
        }

        var limits = told.Select((limit, i) => new Limit(limit.Dimension, i == 0 ? FirstCalls : Limit.Unbounded, limit.Window, limit.Window == Day ? rule.Day : rule.Minute)
        {
            IsOpen = true,
            TimeZone = limit.Window == Day && rule.Day == LimitAlgorithm.CalendarDay ? rule.Zone : null,
        }).ToList();
        if (rule.SliceSeconds is { } seconds)
        {
            var slice = new Limit(Dimension.Requests, 1, TimeSpan.FromSeconds(seconds), LimitAlgorithm.Sliding) { IsOpen = true };
            limits.Add(slice with { Amount = slice.PartOf(FirstCalls)!.Value });
        }

        return LimitSet.None with { Limits = limits };
    }
}
