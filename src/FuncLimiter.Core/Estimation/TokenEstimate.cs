namespace FuncLimiter.Core.Estimation;

/// <summary>The tokens foreseen for a call.</summary>
/// <param name="InputTokens">Input tokens, cached ones included.</param>
/// <param name="OutputTokens">Output tokens, never above what the caller allowed.</param>
/// <param name="CachedInputTokens">The part of the input expected to be read from the provider's prompt cache.</param>
public readonly record struct TokenEstimate(long InputTokens, long OutputTokens, long CachedInputTokens = 0);

/// <summary>What is known of a prompt's size before the call.</summary>
/// <param name="TextBytes">UTF-8 bytes of text.</param>
/// <param name="Images">How many images.</param>
public readonly record struct PromptSize(int TextBytes, int Images = 0)
{
    /// <summary>
    /// The tokens of its text by a count of its words, numbers and signs, in no particular model's tokens; 0 where nobody counted, then its
    /// bytes stand for them.
    /// </summary>
    public double Tokens { get; init; }

    /// <summary>What kind of text most of it is. Each kind is learned by itself.</summary>
    public ContentKind Content { get; init; }

    /// <summary>The input tokens that no tokenizer can go below.</summary>
    public long LeastTokens { get; init; }

    internal bool IsCredible => TextBytes >= 0 && Images >= 0 && double.IsFinite(Tokens) && Tokens >= 0 && Content is >= 0 and <= ContentKind.Dense;
}

/// <summary>What kind of text a prompt is: models differ most in how they cut these.</summary>
public enum ContentKind
{
    /// <summary>Words of letters and blanks.</summary>
    Prose,

    /// <summary>Words among many signs: code, JSON, markup.</summary>
    Code,

    /// <summary>Mostly characters of more than one byte: Chinese, Russian, Hindi.</summary>
    Multibyte,

    /// <summary>Few bytes a token: encoded data, keys, numbers.</summary>
    Dense,
}

/// <summary>What calls are alike in: the model, and the caller's own names for the work.</summary>
/// <param name="Model">The model at the provider, as configured.</param>
/// <param name="Workflow">The workflow's name, or null.</param>
/// <param name="Step">The step's name within the workflow, or null.</param>
public readonly record struct EstimateKey(string Model, string? Workflow = null, string? Step = null)
{
    /// <summary>
    /// Whose call it is, or null for nobody's in particular. What one tenant's calls teach, others are judged by only as long as nothing
    /// of their own is known, and then within bounds.
    /// </summary>
    public string? Tenant { get; init; }

    /// <summary>The longest name that is kept, in characters; a longer one counts as not given.</summary>
    public const int MaxNameLength = 200;

    /// <summary>The same key without names that are empty or too long to be kept.</summary>
    internal EstimateKey Bounded() => new(Name(Model) ?? "", Name(Workflow), Name(Step)) { Tenant = Name(Tenant) };

    /// <summary>True for a whole model: there is no wider key.</summary>
    internal bool IsWidest => IsTenants && Tenant is null;

    /// <summary>True for all that a tenant does with a model.</summary>
    internal bool IsTenants => Workflow is null && Step is null;

    /// <summary>The next wider key: the workflow of a step, the tenant of a workflow, the model of a tenant.</summary>
    internal EstimateKey Wider() => Step is not null && Workflow is not null ? this with { Step = null }
        : IsTenants ? new(Model)
        : new(Model) { Tenant = Tenant };

    private static string? Name(string? name) => name is { Length: > 0 and <= MaxNameLength } ? name : null;
}
