using FuncLimiter.Core.Estimation;

namespace FuncLimiter.Providers.Dialects;

/// <summary>What a limiter must know of a request. Read from the raw bytes, which stay as they are.</summary>
/// <param name="Operation">What is asked.</param>
/// <param name="Model">The model named in the body.</param>
/// <param name="ModelOffset">Where the model's JSON string begins in the body, in bytes, its quotes included.</param>
/// <param name="ModelLength">How long that string is, in bytes, its quotes included.</param>
/// <param name="Stream">Whether the answer is to be streamed.</param>
/// <param name="MaxOutputTokens">The caller's own bound on output tokens of one choice, if it set one.</param>
/// <param name="Choices">How many answers are asked for (<c>n</c>, <c>best_of</c>); at least 1.</param>
/// <param name="TextBytes">UTF-8 bytes of prompt text, tools and system included, images and other encoded media left out.</param>
/// <param name="Images">How many images the prompt holds, and other media that are read as such.</param>
public sealed record RequestFacts(
    Operation Operation,
    string Model,
    int ModelOffset,
    int ModelLength,
    bool Stream,
    long? MaxOutputTokens,
    int Choices,
    int TextBytes,
    int Images)
{
    /// <summary>
    /// Hashes of the prompt's beginnings, each twice as long as the one before, the same for prompts that share them; none where it is too short
    /// for providers to cache.
    /// </summary>
    public IReadOnlyList<long> Prefixes { get; init; } = [];

    /// <summary>Characters of the same text, as UTF-16 counts them; its bytes where nobody counted.</summary>
    public int Characters { get; init; } = TextBytes;

    /// <summary>The tokens that the prompt comes to by a count of its words, see <see cref="PromptSize.Tokens"/>; 0 where nobody counted.</summary>
    public double Tokens { get; init; }

    /// <summary>Words of the prompt that stand after a blank; 0 where nobody counted.</summary>
    public double Words { get; init; }

    /// <summary>What kind of text most of it is.</summary>
    public ContentKind Content { get; init; }

    /// <summary>Whether the request may ask, in Anthropic's way, for its prompt to be read from a cache; true where the request is not known.</summary>
    public bool AsksForCache { get; init; } = true;

    /// <summary>The name of the bound on output that is -1, by which some servers mean none; null where none is.</summary>
    public string? Unbounded { get; init; }

    /// <summary>The prompt's size, from which its tokens are foreseen.</summary>
    public PromptSize Prompt => new(TextBytes, Images) { Tokens = Tokens, Content = Content, LeastTokens = LeastTokens };

    /// <summary>
    /// What no tokenizer can go below, given how many bytes a token stands for at the most, and that hardly a token holds two words.
    /// </summary>
    private long LeastTokens => Math.Max((TextBytes + MostBytesPerToken - 1) / MostBytesPerToken, (long)(Words / MostWordsPerToken));

    /// <summary>Tokenizers cut at blanks before all else; twice as many words as tokens leaves room for those that join some.</summary>
    private const int MostWordsPerToken = 2;

    /// <summary>The longest tokens of o200k and cl100k are 128 blanks; another vocabulary may have some of twice that.</summary>
    private const int MostBytesPerToken = 256;
}

/// <summary>The top-level properties that are read; each may stand once.</summary>
[Flags]
internal enum RequestFields
{
    None = 0,
    Model = 1,
    Stream = 1 << 1,
    StreamOptions = 1 << 2,
    MaxTokens = 1 << 3,
    MaxCompletionTokens = 1 << 4,
    MaxOutputTokens = 1 << 5,
    N = 1 << 6,
    BestOf = 1 << 7,
    Messages = 1 << 8,
    Input = 1 << 9,
    System = 1 << 10,
    Instructions = 1 << 11,
    Tools = 1 << 12,
    Functions = 1 << 13,
    ResponseFormat = 1 << 14,
    Text = 1 << 15,
    Prompt = 1 << 16,
    PreviousResponse = 1 << 17,
    Conversation = 1 << 18,
}
