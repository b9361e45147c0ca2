using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Estimation;

/// <summary>What is learned of the calls of one key: how input follows from size, three quantiles, and its place among the keys last used.</summary>
internal sealed class Profile(EstimateKey key, EstimatorOptions options)
{
    private const int MaxTokensPerImage = 1 << 17;

    private readonly InputFit?[] _input = new InputFit?[InputFit.Lines.Kinds];
    private readonly DecayingHistogram _output = new(5, Estimator.MaxTokens, options.OutputQuantile, options.HalfLifeCalls);
    private readonly DecayingHistogram _cached = new(6, 100, options.CachedQuantile, options.HalfLifeCalls);
    private DecayingHistogram? _image;

    internal EstimateKey Key { get; } = key;

    internal Profile? Newer { get; set; }

    internal Profile? Older { get; set; }

    /// <summary>How many answers were learned from, ever.</summary>
    internal long Answers { get; private set; }

    /// <summary>The share of the input that is foreseen to be read from the cache, 0 to 1; 0 while too little is known.</summary>
    internal double CachedShare => Enough(_cached, 1 - options.CachedQuantile) ? _cached.Value / 100.0 : 0;

    /// <summary>How input follows from the size of each kind of text; null where none was seen.</summary>
    internal ReadOnlySpan<InputFit?> Input => _input;

    /// <summary>Output tokens of a call; while too little is known nothing, or the larger of a default and what was seen.</summary>
    internal double? OutputTokens(double? whileFew) => Quantile(_output, options.OutputQuantile, whileFew);

    /// <summary>Tokens of an image; while too little is known as above.</summary>
    internal double? TokensPerImage(double? whileFew) =>
        _image is null ? whileFew : Quantile(_image, options.ImageQuantile, whileFew);

    /// <summary>Learns from a usage that makes sense.</summary>
    /// <param name="prompt">The prompt's size.</param>
    /// <param name="size">The count of its tokens.</param>
    /// <param name="text">What its text was foreseen to take.</param>
    /// <param name="usage">The usage.</param>
    internal void Learn(in PromptSize prompt, double size, double text, in TokenUsage usage)
    {
        Answers++;
        if (usage.OutputTokens > 0)
        {
            _output.Add(usage.OutputTokens);
        }

        if (usage.InputTokens <= 0)
        {
            return;
        }

        _cached.Add(usage.CacheReadTokens * 100 / usage.InputTokens);
        if (prompt.Images > 0)
        {
            (_image ??= NewImage()).Add((long)Math.Ceiling(Math.Max(0, usage.InputTokens - text) / prompt.Images));
        }
        else if (prompt.TextBytes > 0 && usage.InputTokens <= Estimator.MaxTokensPerByte * (prompt.TextBytes + Estimator.MaxTokensPerRequest))
        {
            (_input[(int)prompt.Content] ??= new(options.HalfLifeInputs)).Learn(size, usage.InputTokens, text);
        }
    }

    internal ProfileState Export() => new(
        Key.Model, Key.Workflow, Key.Step, Key.Tenant, [.. _input.Select(fit => fit?.Export())], _output.Export(), _cached.Export(), _image?.Export());

    /// <summary>Takes what was exported; false where a part is missing or doesn't fit.</summary>
    internal bool TryImport(ProfileState state)
    {
        _image = state.Image is null ? null : NewImage();
        return state.Input is not null && TryImport(state.Input)
            && state.Output is not null && _output.TryImport(state.Output)
            && state.Cached is not null && _cached.TryImport(state.Cached)
            && (state.Image is null || _image!.TryImport(state.Image));
    }

    private bool TryImport(IReadOnlyList<IReadOnlyList<double>?> input)
    {
        for (var i = 0; i < input.Count; i++)
        {
            if (input[i] is { } fit && (i >= _input.Length || !(_input[i] = new(options.HalfLifeInputs)).TryImport(fit)))
            {
                return false;
            }
        }

        return true;
    }

    private DecayingHistogram NewImage() => new(4, MaxTokensPerImage, options.ImageQuantile, options.HalfLifeCalls);

    private static double? Quantile(DecayingHistogram histogram, double quantile, double? whileFew) =>
        Enough(histogram, quantile) ? histogram.Value : whileFew is { } few ? Math.Max(few, histogram.Value) : null;

    /// <summary>A quantile is known once at least one value is expected beyond it.</summary>
    private static bool Enough(DecayingHistogram histogram, double quantile) => histogram.Count * (1 - quantile) >= 0.999;
}
