using System.Text.Json;
using System.Text.Json.Serialization;

namespace FuncLimiter.IndependentProvider;

/// <summary>Whose API is spoken.</summary>
public enum Api
{
    OpenAI,
    Azure,
    Anthropic,
    Gemini,
}

/// <summary>What a limit counts.</summary>
public enum Counts
{
    Requests,

    /// <summary>What the deployment's <see cref="ChargeRule"/> makes of a call.</summary>
    Tokens,

    /// <summary>Prompt tokens that were not read from the prompt cache.</summary>
    InputTokens,

    /// <summary>Completion tokens, as they are generated.</summary>
    OutputTokens,

    /// <summary>Calls under way.</summary>
    Concurrent,
}

/// <summary>How a limit is held.</summary>
public enum Enforcement
{
    /// <summary>Refills all the time, up to <see cref="Limit.Capacity"/>.</summary>
    Bucket,

    /// <summary>No span as long as the window holds more.</summary>
    Sliding,

    /// <summary>A counter that starts anew at <see cref="Limit.PhaseSeconds"/> and every window after it.</summary>
    Fixed,

    /// <summary>An acceleration limit: each window may hold at most <see cref="Limit.Growth"/> times what the one before it held, or the floor.</summary>
    Ramp,
}

/// <summary>What a call takes of a limit on <see cref="Counts.Tokens"/>, and when.</summary>
public enum ChargeRule
{
    /// <summary>Prompt and max_tokens when the call comes, and they stay. Azure's estimate.</summary>
    PromptPlusMax,

    /// <summary>The larger of prompt and max_tokens when the call comes, and it stays.</summary>
    LargerOfPromptAndMax,

    /// <summary>The larger of max_tokens and a quarter of the prompt's characters. OpenAI's page.</summary>
    LargerOfCharactersAndMax,

    /// <summary>A quarter of the prompt's characters, plus max_tokens; no token is counted before the call is let in.</summary>
    CharactersPlusMax,

    /// <summary>Prompt and max_tokens when the call comes; what was not used is returned when it ends. Bedrock, and Azure's provisioned throughput.</summary>
    PromptPlusMaxSettled,

    /// <summary>Prompt and completion, as if the length of the answer were known when the call comes.</summary>
    PromptPlusCompletion,

    /// <summary>The prompt when the call comes, the completion when it ends.</summary>
    PromptThenCompletion,
}

/// <summary>How a refusal says when to come back.</summary>
public enum HintStyle
{
    /// <summary>As the provider's own answers do.</summary>
    Own,
    Seconds,
    Milliseconds,
    Date,
    None,
}

/// <summary>One limit.</summary>
public sealed record Limit(Counts Counts, double Amount, double WindowSeconds = 60, Enforcement How = Enforcement.Bucket)
{
    /// <summary>What a full bucket holds; the amount of one window where it is null.</summary>
    public double? Capacity { get; init; }

    /// <summary>When the first fixed window ends, in seconds after the start; no caller knows it.</summary>
    public double PhaseSeconds { get; init; } = 60;

    /// <summary>How much a window of a ramp may hold against the one before.</summary>
    public double Growth { get; init; } = 1.5;

    /// <summary>Limits of deployments that name the same pool are one.</summary>
    public string? Pool { get; init; }

    /// <summary>Whether headers tell of it.</summary>
    public bool Reported { get; init; } = true;

    /// <summary>Whether a refused call counts, too (Azure's may).</summary>
    public bool CountsRefused { get; init; }
}

/// <summary>One model behind one key.</summary>
public sealed record Deployment(string Key, string Model, Api Api)
{
    public IReadOnlyList<Limit> Limits { get; init; } = [];

    public ChargeRule Charge { get; init; } = ChargeRule.LargerOfCharactersAndMax;

    public HintStyle Hints { get; init; }

    /// <summary>The usual length of an answer in tokens, and how far it spreads (the sigma of a log-normal).</summary>
    public double UsualOutput { get; init; } = 60;

    public double OutputSpread { get; init; } = 0.5;

    /// <summary>The longest answer where a call names no max_tokens.</summary>
    public int LongestOutput { get; init; } = 4096;

    /// <summary>What is charged for max_tokens where a call names none.</summary>
    public int UnnamedMax { get; init; }

    /// <summary>The usual time to the first token, and each token's, in milliseconds; both spread a little.</summary>
    public double FirstTokenMs { get; init; } = 40;

    public double TokenMs { get; init; } = 0.2;

    /// <summary>The shortest prefix that is cached, in tokens; Anthropic's and OpenAI's pages say 1,024.</summary>
    public int ShortestCached { get; init; } = 1024;
}

/// <summary>What the provider offers.</summary>
public sealed record Settings
{
    public required IReadOnlyList<Deployment> Deployments { get; init; }

    public int Seed { get; init; } = 7;

    /// <summary>The loopback port; 0 takes a free one.</summary>
    public int Port { get; init; }

    internal static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter() },
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
    };

    /// <summary>Reads them from a file.</summary>
    public static Settings Read(string file) => JsonSerializer.Deserialize<Settings>(File.ReadAllText(file), Json)!;
}
