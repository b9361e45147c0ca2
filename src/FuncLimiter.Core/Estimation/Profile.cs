using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Estimation;

/// <summary>What is learned of the calls of one key: four quantiles, and its place among the keys last used.</summary>
internal sealed class Profile(EstimateKey key, EstimatorOptions options)
{
    /// <summary>Units of the tokens-per-byte histogram.</summary>
    private const double RatioScale = 4_096;
    private const int MaxTokensPerByte = 16;
    private const int MaxTokensPerImage = 1 << 17;

    private readonly DecayingHistogram _input =
        new(5, (long)(RatioScale * MaxTokensPerByte), options.InputQuantile, options.HalfLifeCalls);
    private readonly DecayingHistogram _output = new(5, Estimator.MaxTokens, options.OutputQuantile, options.HalfLifeCalls);
    private readonly DecayingHistogram _cached = new(6, 100, options.CachedQuantile, options.HalfLifeCalls);
    private DecayingHistogram? _image;

    internal EstimateKey Key { get; } = key;

    internal Profile? Newer { get; set; }

    internal Profile? Older { get; set; }

    /// <summary>The share of the input that is foreseen to be read from the cache, 0 to 1; 0 while too little is known.</summary>
    internal double CachedShare => Enough(_cached, 1 - options.CachedQuantile) ? _cached.Value / 100.0 : 0;

    /// <summary>Tokens per byte of text; while too little is known nothing, or the larger of a default and what was seen.</summary>
    internal double? TokensPerByte(double? whileFew) => Quantile(_input, options.InputQuantile, RatioScale, whileFew);

    /// <summary>Output tokens of a call; while too little is known as above.</summary>
    internal double? OutputTokens(double? whileFew) => Quantile(_output, options.OutputQuantile, 1, whileFew);

    /// <summary>Tokens of an image; while too little is known as above.</summary>
    internal double? TokensPerImage(double? whileFew) =>
        _image is null ? whileFew : Quantile(_image, options.InputQuantile, 1, whileFew);

    /// <summary>Learns from a usage that makes sense.</summary>
    /// <param name="textBytes">The prompt's text; at least 0.</param>
    /// <param name="images">The prompt's images; at least 0.</param>
    /// <param name="textTokensPerByte">What text is taken to cost where images share the input with it.</param>
    /// <param name="usage">The usage.</param>
    internal void Learn(int textBytes, int images, double textTokensPerByte, in TokenUsage usage)
    {
        if (usage.OutputTokens > 0)
            _output.Add(usage.OutputTokens);
        if (usage.InputTokens <= 0)
            return;

        _cached.Add(usage.CacheReadTokens * 100 / usage.InputTokens);
        double tokens = Math.Max(0, usage.InputTokens - options.TokensPerRequest);
        if (images > 0)
            (_image ??= NewImage()).Add((long)Math.Ceiling(Math.Max(0, tokens - textBytes * textTokensPerByte) / images));
        else if (textBytes > 0 && tokens / textBytes <= MaxTokensPerByte)
            _input.Add((long)Math.Ceiling(tokens / textBytes * RatioScale));
    }

    internal ProfileState Export() => new(
        Key.Model, Key.Workflow, Key.Step, _input.Export(), _output.Export(), _cached.Export(), _image?.Export());

    /// <summary>Takes what was exported; false where a part is missing or doesn't fit.</summary>
    internal bool TryImport(ProfileState state)
    {
        _image = state.Image is null ? null : NewImage();
        return state.Input is not null && _input.TryImport(state.Input)
            && state.Output is not null && _output.TryImport(state.Output)
            && state.Cached is not null && _cached.TryImport(state.Cached)
            && (state.Image is null || _image!.TryImport(state.Image));
    }

    private DecayingHistogram NewImage() => new(4, MaxTokensPerImage, options.InputQuantile, options.HalfLifeCalls);

    private static double? Quantile(DecayingHistogram histogram, double quantile, double scale, double? whileFew)
    {
        var value = histogram.Value / scale;
        return Enough(histogram, quantile) ? value : whileFew is { } few ? Math.Max(few, value) : null;
    }

    /// <summary>A quantile is known once at least one value is expected beyond it.</summary>
    private static bool Enough(DecayingHistogram histogram, double quantile) => histogram.Count * (1 - quantile) >= 0.999;
}
