namespace FuncLimiter.Simulation.Providers.Requests;

/// <summary>What the double has to know of a request that it can answer.</summary>
internal sealed record ReceivedRequest
{
    public required RequestOperation Operation { get; init; }

    /// <summary>The model named in the body; empty at Azure, whose paths name the deployment.</summary>
    public required string Model { get; init; }

    public bool Stream { get; init; }

    /// <summary>Whether a stream's last chunk is to tell the usage (<c>stream_options.include_usage</c>).</summary>
    public bool IncludeUsage { get; init; }

    /// <summary>The caller's bound on output tokens of one choice.</summary>
    public long? MaxTokens { get; init; }

    /// <summary>How many answers are wanted back.</summary>
    public int Choices { get; init; } = 1;

    /// <summary>How many answers are generated to choose from.</summary>
    public int BestOf { get; init; } = 1;

    /// <summary>Characters of prompt text and tool definitions.</summary>
    public long Characters { get; init; }

    public int Images { get; init; }

    public int Messages { get; init; }

    public long TokenIds { get; init; }

    /// <summary>How many inputs an embeddings request has.</summary>
    public int Inputs { get; init; } = 1;

    /// <summary>The first tool's name, where there are tools.</summary>
    public string? Tool { get; init; }

    /// <summary>Whether to answer with a call of that tool.</summary>
    public bool CallTool { get; init; }

    public int? EmbeddingDimensions { get; init; }

    /// <summary>Whether embeddings are wanted as base64 rather than as numbers.</summary>
    public bool Base64 { get; init; }

    /// <summary>The prompt's hash, which seeds the draw of the answer's length.</summary>
    public ulong Fingerprint { get; init; }

    /// <summary>Where a prompt cache could know this prompt, in order.</summary>
    public IReadOnlyList<PrefixMark> Prefixes { get; init; } = [];
}

/// <summary>What is asked of a model.</summary>
internal enum RequestOperation
{
    ChatCompletions,
    Responses,
    Embeddings,
    Messages,
    CountTokens,
}

/// <summary>A request that no model could answer.</summary>
/// <param name="Message">What is wrong.</param>
/// <param name="Parameter">The field at fault, or null.</param>
/// <param name="Code">OpenAI's code for it, or null.</param>
internal sealed record DoubleProblem(string Message, string? Parameter, string? Code);
