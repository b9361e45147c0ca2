using System.Text.Json;
using System.Text.RegularExpressions;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Providers.Responses;

namespace FuncLimiter.Providers.Limits;

/// <summary>
/// AWS Service Quotas, signed by AWS credentials that may <c>servicequotas:ListServiceQuotas</c>: the applied quotas of the service
/// <c>bedrock</c> in a region, paged by <c>NextToken</c> (ListServiceQuotas, Service Quotas API reference). Quotas name models in words
/// ("Cross-region model inference tokens per minute for Anthropic Claude Sonnet 4.5 V1"), calls by ids
/// (<c>us.anthropic.claude-sonnet-4-5-20250929-v1:0</c>): a quota is a model's where the words agree, and is left out where they don't.
/// </summary>
/// <param name="subject">The region, the identity and the models that are asked about.</param>
public sealed partial class BedrockLimits(LimitSubject subject) : LimitSource
{
    private const string Usual = "us-east-1";

    private readonly string _region = subject.Region ?? Usual;
    private readonly BedrockModelName[] _models = [.. subject.Models.Select(model => new BedrockModelName(model, subject.IsMantle))];

    /// <inheritdoc/>
    public override string Name => "AWS Service Quotas";

    /// <inheritdoc/>
    public override Uri Address => new($"https://servicequotas.{_region}.amazonaws.com{(_region.StartsWith("cn-", StringComparison.Ordinal) ? ".cn" : string.Empty)}");

    /// <inheritdoc/>
    public override UpstreamCredential Credential => new AwsAccess("servicequotas", _region, subject.Identity);

    /// <summary>Each is the token of a page; the first has none.</summary>
    public override IReadOnlyList<string> Questions => [string.Empty];

    /// <inheritdoc/>
    public override LimitRequest Ask(string question) => new("/", JsonSerializer.Serialize(question.Length == 0
        ? new Dictionary<string, object> { ["ServiceCode"] = "bedrock", ["MaxResults"] = 100 }
        : new Dictionary<string, object> { ["ServiceCode"] = "bedrock", ["MaxResults"] = 100, ["NextToken"] = question }));

    /// <inheritdoc/>
    public override IReadOnlyList<KeyValuePair<string, string>> Headers(string key) => [new("X-Amz-Target", "ServiceQuotasV20190624.ListServiceQuotas")];

    /// <inheritdoc/>
    public override LimitPage? Read(JsonElement body, string question)
    {
        var quotas = Json.At(body, "Quotas");
        if (quotas.ValueKind != JsonValueKind.Array)
        {
            return null;
        }

        var limits = new List<ReadLimit>();
        var unknown = new List<string>();
        foreach (var quota in quotas.EnumerateArray())
        {
            var name = Json.Text(Json.At(quota, "QuotaName"));
            if (name is null || OfModel().Match(name) is not { Success: true } parts)
            {
                continue;
            }

            var counted = Counted().Match(parts.Groups["what"].Value);
            foreach (var model in _models.Where(model => model.IsNamed(parts.Groups["model"].Value)))
            {
                if (!counted.Success)
                {
                    unknown.Add(name);
                }
                else if (model.Factor(counted.Groups["way"].Value, parts.Groups["note"].Value) is { } factor && Json.NumberAt(quota, "Value") is >= 0 and <= Limit.Unbounded and var amount)
                {
                    limits.Add(new(model.Id, DimensionOf(counted.Groups["unit"].Value), counted.Groups["window"].Value is "day" ? TimeSpan.FromDays(1) : TimeSpan.FromMinutes(1), (long)amount * factor));
                }
            }
        }

        return new(limits, unknown, Json.Text(Json.At(body, "NextToken")) is { Length: > 0 } next ? next : null);
    }

    private static Dimension DimensionOf(string unit) => unit.ToLowerInvariant() switch
    {
        "requests" => Dimension.Requests,
        "input tokens" => Dimension.InputTokens,
        "output tokens" => Dimension.OutputTokens,
        _ => Dimension.Tokens,
    };

    [GeneratedRegex(@"^(?<what>.{1,120}?) for (?<model>[^()]{1,120}?)(?<note> \([^()]*\))?\z", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex OfModel();

    // Two generations of names, quotas-runtime and quotas-mantle of the Bedrock user guide.
    [GeneratedRegex(
        @"^(?<way>on-demand|cross-region|global cross-region|bedrock mantle|model invocation max)( InvokeModel| model inference)? (?<unit>requests|input tokens|output tokens|tokens) per (?<window>minute|day)\z",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Counted();
}

/// <summary>The words that a model's id and a quota's name have in common.</summary>
internal sealed partial class BedrockModelName
{
    private static readonly string[] Spare = ["instruct", "chat", "text", "it"];

    private readonly string _way;
    private readonly string[] _maker;
    private readonly string[] _words;
    private readonly string _version;

    /// <param name="id">A model's id, an inference profile's, or the ARN of one of them.</param>
    /// <param name="isMantle">Whether <c>bedrock-mantle</c> is asked, which has quotas of its own.</param>
    public BedrockModelName(string id, bool isMantle)
    {
        Id = id;
        var name = id[(id.LastIndexOf('/') + 1)..].ToLowerInvariant();
        var area = Area().Match(name);
        _way = isMantle ? "bedrock mantle" : area.Value switch { "" => "on-demand", "global." => "global cross-region", _ => "cross-region" };
        name = name[area.Length..];
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        _maker = dot < 0 ? [] : Words(name[..dot]);
        (name, _version) = Version(Release().Replace(name[(dot + 1)..], string.Empty));
        _words = Words(name);
    }

    /// <summary>The id as it was given.</summary>
    public string Id { get; }

    /// <summary>Whether a quota's words name it: each word of one stands in the other, in numbers to the last.</summary>
    /// <param name="named">The model as a quota's name has it, as <c>Anthropic Claude 3.5 Sonnet V2</c>.</param>
    public bool IsNamed(string named)
    {
        var (name, version) = Version(named.ToLowerInvariant());
        var words = Words(name);
        return version == _version
            && words.All(word => _words.Any(own => Same(word, own)) || _maker.Contains(word))
            && _words.All(own => words.Any(word => Same(word, own)) || Spare.Contains(own) || _maker.Contains(own) || Experts().IsMatch(own))
            && words.Where(IsNumber).SequenceEqual(_words.Where(IsNumber));
    }

    /// <summary>What a quota's value is to be multiplied by; null where the quota is of calls of another way.</summary>
    /// <param name="way">The way, as the quota's name begins.</param>
    /// <param name="note">What stands in brackets at its end.</param>
    public int? Factor(string way, string note) => way.ToLowerInvariant() switch
    {
        "model invocation max" => _way switch { "on-demand" => 1, "cross-region" => note.Contains("doubled", StringComparison.OrdinalIgnoreCase) ? 2 : 1, _ => null },
        var other => other == _way ? 1 : null,
    };

    private static (string Name, string Version) Version(string name)
    {
        var found = Versioned().Match(name);
        return found.Success ? (name.Remove(found.Index, found.Length), found.Groups["version"].Value) : (name, "1");
    }

    private static string[] Words(string text) => [.. Word().Matches(text).Select(static word => word.Value)];

    private static bool Same(string one, string other) =>
        one == other || (one.Length >= 4 && other.Length >= 4 && (one.StartsWith(other, StringComparison.Ordinal) || other.StartsWith(one, StringComparison.Ordinal)));

    private static bool IsNumber(string word) => char.IsAsciiDigit(word[0]) && char.IsAsciiDigit(word[^1]);

    [GeneratedRegex(@"^(global|apac|us-gov|[a-z]{2})\.", RegexOptions.CultureInvariant)]
    private static partial Regex Area();

    // The day of a model's release, and its revision: :0, and -1:0 behind a size.
    [GeneratedRegex(@"-(20\d{6}|2[3-9]\d{2})(?=[-:]|\z)|((?<=\d[bm])-\d)?:\d+(:\w+)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Release();

    [GeneratedRegex(@"(?<=[a-z0-9)])[- ]v(?<version>\d+)(?![\d.])", RegexOptions.CultureInvariant)]
    private static partial Regex Versioned();

    [GeneratedRegex(@"[a-z]{2,}(?=\d)|\d+[a-z]+|\d+|[a-z][a-z0-9]*", RegexOptions.CultureInvariant)]
    private static partial Regex Word();

    // How many of its parameters a mixture of experts uses, as a22b.
    [GeneratedRegex(@"^a\d+b\z", RegexOptions.CultureInvariant)]
    private static partial Regex Experts();
}
