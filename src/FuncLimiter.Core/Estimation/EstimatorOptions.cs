namespace FuncLimiter.Core.Estimation;

/// <summary>How careful estimates are, and what they begin with.</summary>
public sealed record EstimatorOptions
{
    /// <summary>The share of images that are to stay within what is foreseen of one, above 0 and below 1; default 0.95.</summary>
    public double ImageQuantile { get; init; } = 0.95;

    /// <summary>The share of calls whose output is to stay within its estimate, above 0 and below 1; default 0.9.</summary>
    public double OutputQuantile { get; init; } = 0.9;

    /// <summary>The share of calls that may read less from a prompt cache than estimated, above 0 and below 1; default 0.1.</summary>
    public double CachedQuantile { get; init; } = 0.1;

    /// <summary>Bytes of UTF-8 text per token where nobody counted its words; default 3.5, low enough for code and most languages.</summary>
    public double BytesPerToken { get; init; } = 3.5;

    /// <summary>Tokens that a request costs beside its text (roles, separators) as long as nothing was learned; default 8.</summary>
    public int TokensPerRequest { get; init; } = 8;

    /// <summary>Tokens of one image as long as nothing was learned; default 1,600, a full-size image at Anthropic.</summary>
    public int TokensPerImage { get; init; } = 1_600;

    /// <summary>Output tokens of one answer as long as nothing was learned; default 1,024.</summary>
    public int OutputTokens { get; init; } = 1_024;

    /// <summary>After how many calls an earlier one counts half; default 200.</summary>
    public int HalfLifeCalls { get; init; } = 200;

    /// <summary>After how many calls of about its size the input of an earlier one counts half; default 50.</summary>
    public int HalfLifeInputs { get; init; } = 50;

    /// <summary>How many keys are kept, models and workflows included; the least recently used is forgotten first. Default 2,048, about 5 kB each.</summary>
    public int MaxKeys { get; init; } = 2_048;

    /// <summary>Throws where a value is outside its range.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is outside its range.</exception>
    internal EstimatorOptions Validated()
    {
        Share(ImageQuantile, nameof(ImageQuantile));
        Share(OutputQuantile, nameof(OutputQuantile));
        Share(CachedQuantile, nameof(CachedQuantile));
        ArgumentOutOfRangeException.ThrowIfNotEqual(double.IsFinite(BytesPerToken) && BytesPerToken >= 0.1, true, nameof(BytesPerToken));
        ArgumentOutOfRangeException.ThrowIfNegative(TokensPerRequest, nameof(TokensPerRequest));
        ArgumentOutOfRangeException.ThrowIfNegative(TokensPerImage, nameof(TokensPerImage));
        ArgumentOutOfRangeException.ThrowIfNegative(OutputTokens, nameof(OutputTokens));
        ArgumentOutOfRangeException.ThrowIfLessThan(HalfLifeCalls, 10, nameof(HalfLifeCalls));
        ArgumentOutOfRangeException.ThrowIfLessThan(HalfLifeInputs, 5, nameof(HalfLifeInputs));
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxKeys, 8, nameof(MaxKeys));
        return this;
    }

    private static void Share(double value, string name) =>
        ArgumentOutOfRangeException.ThrowIfNotEqual(value is > 0 and < 1, true, name);
}
