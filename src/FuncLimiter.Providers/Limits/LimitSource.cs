using System.Text.Json;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Providers.Responses;

namespace FuncLimiter.Providers.Limits;

/// <summary>
/// A provider's API that tells an account's limits: what to ask, and what its answers say. It sends nothing itself.
/// </summary>
public abstract class LimitSource
{
    /// <summary>What the API is called, for people.</summary>
    public abstract string Name { get; }

    /// <summary>Where it usually is, as a base address; null for where the account's calls go.</summary>
    public virtual Uri? Address => null;

    /// <summary>What opens it besides headers; null where a key does.</summary>
    public virtual UpstreamCredential? Credential => null;

    /// <summary>
    /// What to ask, one after the other: paths with their query, where <see cref="Ask"/> makes nothing else of them. What a later one tells of a
    /// limit holds beside what an earlier one told: the less of both.
    /// </summary>
    public abstract IReadOnlyList<string> Questions { get; }

    /// <summary>Whether what the others tell holds where this one is refused.</summary>
    /// <param name="question">One of <see cref="Questions"/>.</param>
    public virtual bool IsBeside(string question) => false;

    /// <summary>How a question is sent.</summary>
    /// <param name="question">One of <see cref="Questions"/>, or what a page says comes next.</param>
    public virtual LimitRequest Ask(string question) => new(question, null);

    /// <summary>Headers that it needs, and that open it where nothing else does.</summary>
    public virtual IReadOnlyList<KeyValuePair<string, string>> Headers(string key) => [new("Authorization", $"Bearer {key}")];

    /// <summary>Reads one page.</summary>
    /// <param name="body">The answer's body.</param>
    /// <param name="question">The question that it answers.</param>
    /// <returns>What it says; null where it is nothing of the kind.</returns>
    public abstract LimitPage? Read(JsonElement body, string question);

    /// <summary>What a refusal means, for people.</summary>
    /// <param name="status">The status.</param>
    /// <param name="body">The body; undefined where it is no JSON.</param>
    public static string Fault(int status, JsonElement body)
    {
        var said = Json.Text(Json.At(body, "error", "message")) ?? Json.Text(Json.At(body, "message")) ?? Json.Text(Json.At(body, "Message"));
        var meaning = (Json.Text(Json.At(body, "__type"))?.Split('#')[^1] is { } type ? StatusOfAws(type) : null) ?? status switch
        {
            401 => NotTaken,
            403 => NoRight,
            404 => "there is no such project, workspace, resource or API",
            429 => TooOften,
            >= 500 => "the provider failed",
            _ => "it was refused",
        };
        return said is null ? $"{status}: {meaning}" : $"{status}: {meaning} ({Short(said)})";
    }

    /// <summary>The source for an account; null where the provider has no such API.</summary>
    /// <param name="subject">What to ask about.</param>
    public static LimitSource? Of(string provider, LimitSubject subject) => provider switch
    {
        "anthropic" => new AnthropicLimits(subject.Scope),
        "openai" => new OpenAILimits(subject.Scope ?? string.Empty),
        "azure-openai" => new AzureLimits(subject.Scope ?? string.Empty, subject.Location),
        "bedrock" => new BedrockLimits(subject),
        "openrouter" => new OpenRouterLimits(),
        _ => null,
    };

    /// <summary>Providers that have such an API.</summary>
    public static IReadOnlyList<string> Providers { get; } = ["anthropic", "azure-openai", "bedrock", "openai", "openrouter"];

    /// <summary>The amount of a limit, null where there is no limit, which APIs write as -1; false where it is no amount.</summary>
    protected static bool TryAmount(JsonElement told, out long? amount)
    {
        amount = Json.Count(told);
        return amount is not null || Json.NumberAt(told) is -1;
    }

    private const string NotTaken = "the key is not taken";
    private const string NoRight = "the key has no right to read limits";
    private const string TooOften = "it was asked too often";

    // AWS tells by 400 what others tell by 401, 403 and 429 ("Common Errors", Service Quotas API reference).
    private static string? StatusOfAws(string type) => type switch
    {
        "AccessDeniedException" or "OptInRequired" => NoRight,
        "UnrecognizedClientException" or "InvalidSignatureException" or "IncompleteSignature" or "IncompleteSignatureException" or "ExpiredTokenException"
            or "InvalidClientTokenId" or "MissingAuthenticationTokenException" => NotTaken,
        "TooManyRequestsException" or "ThrottlingException" => TooOften,
        _ => null,
    };

    private static string Short(string text) => text.Length <= 200 ? text : text[..200];
}

/// <summary>What a source is asked about.</summary>
/// <param name="Scope">A project, a workspace, a resource, as the provider has them; null for none.</param>
public sealed record LimitSubject(string? Scope)
{
    /// <summary>Azure: the location whose quotas are read as well; null for none.</summary>
    public string? Location { get; init; }

    /// <summary>AWS: the region.</summary>
    public string? Region { get; init; }

    /// <summary>AWS: whose credentials sign.</summary>
    public ProviderIdentity Identity { get; init; } = ProviderIdentity.Own;

    /// <summary>AWS: whether calls go to <c>bedrock-mantle</c>.</summary>
    public bool IsMantle { get; init; }

    /// <summary>The account's models.</summary>
    public IReadOnlyList<string> Models { get; init; } = [];
}

/// <summary>How a question is sent.</summary>
/// <param name="Path">The path with its query.</param>
/// <param name="Body">JSON that is posted; null where nothing is.</param>
public readonly record struct LimitRequest(string Path, string? Body);

/// <summary>What one page says.</summary>
/// <param name="Limits">The limits on it.</param>
/// <param name="Unknown">Kinds of limits on it that nothing here counts, for people.</param>
/// <param name="Next">The next page's question; null where this was the last.</param>
public sealed record LimitPage(IReadOnlyList<ReadLimit> Limits, IReadOnlyList<string> Unknown, string? Next)
{
    /// <summary>Quotas that are given out to deployments, and what was given of them.</summary>
    public IReadOnlyList<ReadQuota> Quotas { get; init; } = [];

    /// <summary>Which quota each deployment takes its limits from.</summary>
    public IReadOnlyList<(string Deployment, string Quota, long Units)> Takers { get; init; } = [];
}

/// <summary>A quota of which deployments are given their limits. It holds no call back by itself.</summary>
/// <param name="Name">What the provider calls it.</param>
/// <param name="Given">What is given out of it, in the provider's units.</param>
/// <param name="Amount">All that there is, in the same units.</param>
/// <param name="Deployments">The account's deployments that have theirs from it, with their units.</param>
public sealed record ReadQuota(string Name, long Given, long Amount, IReadOnlyList<string> Deployments);

/// <summary>One limit as a provider's API tells it.</summary>
/// <param name="Model">The model or deployment; a leading <c>*</c> stands for any beginning.</param>
/// <param name="Dimension">What it counts.</param>
/// <param name="Window">Its window.</param>
/// <param name="Amount">The amount for a window, 0 where the model may not be called at all; null for no limit.</param>
public sealed record ReadLimit(string Model, Dimension Dimension, TimeSpan Window, long? Amount)
{
    /// <summary>Whether it is of a model.</summary>
    /// <param name="model">The model's name at the provider.</param>
    public bool Concerns(string model) => Model.StartsWith('*') ? model.EndsWith(Model[1..], StringComparison.Ordinal) : model == Model;

    /// <summary>The less of two.</summary>
    internal static long? Less(long? one, long? other) => one is { } a && other is { } b ? Math.Min(a, b) : one ?? other;
}

/// <summary>What a source told in the end.</summary>
/// <param name="Limits">The limits, one of a model, dimension and window.</param>
/// <param name="Unknown">Kinds of limits that nothing here counts.</param>
public sealed record ReadLimits(IReadOnlyList<ReadLimit> Limits, IReadOnlyList<string> Unknown)
{
    /// <summary>Quotas from which the account's deployments have their limits.</summary>
    public IReadOnlyList<ReadQuota> Quotas { get; init; } = [];

    /// <summary>Puts pages together: of limits told twice the less holds.</summary>
    /// <param name="pages">The pages, in order.</param>
    public static ReadLimits Of(IEnumerable<LimitPage> pages)
    {
        var all = pages.ToList();
        return new(
            [.. all.SelectMany(static page => page.Limits)
                .GroupBy(static limit => (limit.Model, limit.Dimension, limit.Window))
                .Select(static same => same.First() with { Amount = same.Select(static limit => limit.Amount).Aggregate(ReadLimit.Less) })],
            [.. all.SelectMany(static page => page.Unknown).Distinct().Order(StringComparer.Ordinal)])
        {
            Quotas =
            [
                .. all.SelectMany(static page => page.Quotas)
                    .Select(quota => quota with
                    {
                        Deployments = [.. all.SelectMany(static page => page.Takers).Where(taker => taker.Quota == quota.Name).Select(static taker => $"{taker.Deployment}: {taker.Units}")],
                    })
                    .Where(static quota => quota.Deployments.Count > 0),
            ],
        };
    }

    /// <summary>What was told of a model; empty where it was not named.</summary>
    /// <param name="model">The model's name at the provider.</param>
    public IReadOnlyList<ReadLimit> Of(string model) =>
    [
        .. Limits.Where(limit => limit.Concerns(model))
            .GroupBy(static limit => (limit.Dimension, limit.Window))
            .Select(static same => same.MaxBy(static limit => limit.Model.Length)!),
    ];
}
