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

    /// <summary>For what a token of Entra ID is needed; null where a key opens it.</summary>
    public virtual string? TokenScope => null;

    /// <summary>What to ask, one after the other: paths with their query. What a later one tells of a limit holds beside what an earlier one told: the less of both.</summary>
    public abstract IReadOnlyList<string> Questions { get; }

    /// <summary>Headers that open it.</summary>
    /// <param name="key">The key.</param>
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
        var said = Json.Text(Json.At(body, "error", "message")) ?? Json.Text(Json.At(body, "message"));
        var meaning = status switch
        {
            401 => "the key is not taken",
            403 => "the key has no right to read limits",
            404 => "there is no such project, workspace, resource or API",
            429 => "it was asked too often",
            >= 500 => "the provider failed",
            _ => "it was refused",
        };
        return said is null ? $"{status}: {meaning}" : $"{status}: {meaning} ({Short(said)})";
    }

    /// <summary>The source for an account; null where the provider has no such API.</summary>
    /// <param name="provider">The provider's id.</param>
    /// <param name="scope">What to ask about: a project, a workspace, a resource, as the provider has them; null for none.</param>
    public static LimitSource? Of(string provider, string? scope) => provider switch
    {
        "anthropic" => new AnthropicLimits(scope),
        "openai" => new OpenAILimits(scope ?? string.Empty),
        "azure-openai" => new AzureLimits(scope ?? string.Empty),
        "openrouter" => new OpenRouterLimits(),
        _ => null,
    };

    /// <summary>Providers that have such an API.</summary>
    public static IReadOnlyList<string> Providers { get; } = ["anthropic", "azure-openai", "openai", "openrouter"];

    private static string Short(string text) => text.Length <= 200 ? text : text[..200];
}

/// <summary>What one page says.</summary>
/// <param name="Limits">The limits on it.</param>
/// <param name="Unknown">Kinds of limits on it that nothing here counts, for people.</param>
/// <param name="Next">The path of the next page; null where this was the last.</param>
public sealed record LimitPage(IReadOnlyList<ReadLimit> Limits, IReadOnlyList<string> Unknown, string? Next);

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
    /// <summary>Puts pages together: of limits told twice the less holds.</summary>
    /// <param name="pages">The pages, in order.</param>
    public static ReadLimits Of(IEnumerable<LimitPage> pages)
    {
        var all = pages.ToList();
        return new(
            [.. all.SelectMany(static page => page.Limits)
                .GroupBy(static limit => (limit.Model, limit.Dimension, limit.Window))
                .Select(static same => same.First() with { Amount = same.Select(static limit => limit.Amount).Aggregate(ReadLimit.Less) })],
            [.. all.SelectMany(static page => page.Unknown).Distinct().Order(StringComparer.Ordinal)]);
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
