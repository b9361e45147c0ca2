namespace FuncLimiter.Core.Estimation;

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
