namespace FuncLimiter.Providers.Translation.Conversations;

/// <summary>A request as every API understands it; what some of them lack is found by comparing it with their abilities.</summary>
internal sealed record Conversation
{
    /// <summary>The messages, instructions among them, in the caller's order.</summary>
    public IReadOnlyList<Message> Messages { get; init; } = [];

    /// <summary>The tools.</summary>
    public IReadOnlyList<Tool> Tools { get; init; } = [];

    /// <summary>Whether tools are to be called; null leaves it to the model.</summary>
    public Given<ToolChoice>? Choice { get; init; }

    /// <summary>False where the model may call one tool at a time only.</summary>
    public Given<bool>? ParallelCalls { get; init; }

    /// <summary>The form of the answer; null for text.</summary>
    public Given<OutputFormat>? Format { get; init; }

    /// <summary>Texts at which the answer ends.</summary>
    public Given<IReadOnlyList<string>>? Stop { get; init; }

    /// <summary>The bound on output tokens.</summary>
    public Given<long>? MaxTokens { get; init; }

    /// <summary>Randomness, from 0.</summary>
    public Given<double>? Temperature { get; init; }

    /// <summary>The probability mass drawn from, up to 1.</summary>
    public Given<double>? TopP { get; init; }

    /// <summary>
    /// Temperature and top_p for APIs that take one of them at a time: where both are set, one of 1, which says nothing, is left out.
    /// </summary>
    public (double? Temperature, double? TopP) OneOfBoth => (Temperature?.Value, TopP?.Value) switch
    {
        ({ } temperature, 1) => (temperature, null),
        (1, { } topP) => (null, topP),
        var both => both,
    };

    /// <summary>How many candidates are drawn from.</summary>
    public Given<long>? TopK { get; init; }

    /// <summary>How much words already used often are avoided.</summary>
    public Given<double>? FrequencyPenalty { get; init; }

    /// <summary>How much words already used are avoided.</summary>
    public Given<double>? PresencePenalty { get; init; }

    /// <summary>What randomness starts from.</summary>
    public Given<long>? Seed { get; init; }

    /// <summary>The caller's name for its own user, for the provider's abuse detection.</summary>
    public Given<string>? EndUser { get; init; }

    /// <summary>Whether the answer is streamed.</summary>
    public bool Stream { get; init; }

    /// <summary>Whether a streamed answer is to tell its usage.</summary>
    public bool StreamUsage { get; init; }
}
