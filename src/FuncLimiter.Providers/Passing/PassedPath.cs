namespace FuncLimiter.Providers.Passing;

/// <summary>A path of a provider's API that is passed on as it is.</summary>
/// <param name="Api">Whose it is.</param>
/// <param name="Path">
/// The path in the form that this API's own host takes, percent-encoded, <see cref="ModelMark"/> in place of a model that it names.
/// </param>
public sealed record PassedPath(ProviderApi Api, string Path)
{
    /// <summary>What stands for the model in <see cref="Path"/>.</summary>
    public const string ModelMark = "{model}";

    /// <summary>The model or deployment that the path names, decoded; null where it names none.</summary>
    public string? Model { get; init; }

    /// <summary>Whether it makes text, so that output is foreseen where the request doesn't bound it.</summary>
    public bool Generates { get; init; }

    /// <summary>Whether what it answers tells what this very request used: a stored answer that is asked for again tells what was used before.</summary>
    public bool TellsUsage { get; init; }

    /// <summary>Whether it streams: where it answers JSON, that is an array whose items come one after the other.</summary>
    public bool Streams => Path.EndsWith(":streamGenerateContent", StringComparison.Ordinal);

    /// <summary>Whether it takes files that may be too large to be held.</summary>
    public bool Uploads { get; init; }

    /// <summary>Whether it lists what an account holds, whoever made it.</summary>
    public bool Lists { get; init; }

    /// <summary>What it names of what an account keeps: ids of responses, files, batches; empty where it names none.</summary>
    public IReadOnlyList<string> Ids { get; init; } = [];

    /// <summary>The path with a model in its place.</summary>
    /// <param name="model">The model's name at the provider.</param>
    public string At(string model) => Model is null ? Path : Path.Replace(ModelMark, Uri.EscapeDataString(model), StringComparison.Ordinal);
}

/// <summary>Whose API a path belongs to.</summary>
public enum ProviderApi
{
    /// <summary>OpenAI's, under <c>/v1</c>, which many providers have under a path of their own.</summary>
    OpenAI,

    /// <summary>Azure OpenAI's own paths, under <c>/openai</c> with an <c>api-version</c>.</summary>
    Azure,

    /// <summary>Anthropic's, under <c>/v1</c>.</summary>
    Anthropic,

    /// <summary>Gemini's own, under <c>/v1beta</c>.</summary>
    Gemini,

    /// <summary>Bedrock's own, under <c>/model</c>.</summary>
    Bedrock,

    /// <summary>Vertex AI's own, under <c>/v1/projects</c>.</summary>
    Vertex,
}
