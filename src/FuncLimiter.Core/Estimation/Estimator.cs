using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Estimation;

/// <summary>
/// Foresees the tokens of calls and learns from every one that ends. What is asked of a step is answered by the narrowest of step,
/// workflow and model that knows enough, else by the defaults. All members may be called from any thread; neither
/// <see cref="Estimate"/> nor <see cref="Learn"/> of a known key allocates.
/// </summary>
public sealed class Estimator
{
    /// <summary>The most tokens of one call that are believed; a usage that tells more is ignored.</summary>
    public const long MaxTokens = 1 << 22;

    private readonly EstimatorOptions _options;
    private readonly ProfileStore _profiles;
    private readonly Lock _lock = new();

    /// <param name="options">How careful to be; null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is outside its range.</exception>
    public Estimator(EstimatorOptions? options = null)
    {
        _options = (options ?? new()).Validated();
        _profiles = new ProfileStore(_options.MaxKeys);
    }

    /// <summary>How many keys are known.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _profiles.Count;
        }
    }

    /// <summary>The tokens to expect of a call.</summary>
    /// <param name="key">What it is.</param>
    /// <param name="textBytes">UTF-8 bytes of prompt text.</param>
    /// <param name="images">Images in the prompt.</param>
    /// <param name="maxOutputTokens">The bound on output tokens of one choice; 0 for calls without output, null for none.</param>
    /// <param name="choices">How many answers are asked for.</param>
    public TokenEstimate Estimate(in EstimateKey key, int textBytes, int images, long? maxOutputTokens, int choices)
    {
        textBytes = Math.Max(0, textBytes);
        images = Math.Max(0, images);
        var coldOutput = (double)_options.OutputTokens * Math.Max(1, choices);
        Foresight foresight;
        lock (_lock)
            foresight = Foresee(key.Bounded(), coldOutput);

        var input = _options.TokensPerRequest + (long)Math.Ceiling(textBytes * foresight.TokensPerByte + images * foresight.TokensPerImage);
        var output = (long)Math.Ceiling(foresight.OutputTokens);
        if (maxOutputTokens is { } max)
            output = (long)Int128.Min(output, (Int128)Math.Max(0, max) * Math.Max(1, choices));
        return new TokenEstimate(input, output, (long)(input * foresight.CachedShare));
    }

    /// <summary>Learns from a call that ended. What makes no sense (negative, absurdly large, more cached than input) is ignored.</summary>
    /// <param name="key">What it was.</param>
    /// <param name="textBytes">UTF-8 bytes of prompt text.</param>
    /// <param name="images">Images in the prompt.</param>
    /// <param name="usage">What it used; input or output of zero teaches nothing of that part.</param>
    public void Learn(in EstimateKey key, int textBytes, int images, in TokenUsage usage)
    {
        if (textBytes < 0 || images < 0 || !IsCredible(usage) || usage.TotalTokens == 0)
            return;

        var at = key.Bounded();
        lock (_lock)
        {
            var textTokensPerByte = images > 0 ? Foresee(at, 0).TokensPerByte : 0;
            while (true)
            {
                Use(at).Learn(textBytes, images, textTokensPerByte, usage);
                if (at.IsWidest)
                    break;
                at = at.Wider();
            }
        }
    }

    /// <summary>What was learned, to be stored.</summary>
    public EstimatorState Export()
    {
        lock (_lock)
            return new EstimatorState([.. _profiles.OldestFirst.Select(profile => profile.Export())]);
    }

    /// <summary>Takes up what was stored, beside or in place of what is known.</summary>
    /// <param name="state">A state exported before, perhaps by another version.</param>
    /// <returns>How many profiles were taken; those that don't fit (another layout, damaged) are left out and will be learned anew.</returns>
    public int Import(EstimatorState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        var taken = 0;
        lock (_lock)
        {
            foreach (var stored in state.Profiles)
            {
                var key = new EstimateKey(stored.Model, stored.Workflow, stored.Step);
                var profile = new Profile(key, _options);
                if (key != key.Bounded() || !profile.TryImport(stored))
                    continue;
                _profiles.Put(profile);
                taken++;
            }
        }

        return taken;
    }

    private static bool IsCredible(in TokenUsage usage) =>
        usage is { InputTokens: >= 0 and <= MaxTokens, OutputTokens: >= 0 and <= MaxTokens, CacheReadTokens: >= 0 }
        && usage.CacheReadTokens <= usage.InputTokens;

    private Profile Use(in EstimateKey key)
    {
        if (_profiles.TryUse(key, out var profile))
            return profile;
        profile = new Profile(key, _options);
        _profiles.Put(profile);
        return profile;
    }

    /// <summary>Asks from the narrowest key to the widest. Caching is not foreseen from other steps: their prompts are not in its cache.</summary>
    private Foresight Foresee(EstimateKey key, double coldOutput)
    {
        double? perByte = null, perImage = null, output = null;
        double cached = 0;
        for (var narrowest = true; ; narrowest = false, key = key.Wider())
        {
            var widest = key.IsWidest;
            if (_profiles.TryUse(key, out var profile))
            {
                perByte ??= profile.TokensPerByte(widest ? 1 / _options.BytesPerToken : null);
                perImage ??= profile.TokensPerImage(widest ? _options.TokensPerImage : null);
                output ??= profile.OutputTokens(widest ? coldOutput : null);
                cached = narrowest ? profile.CachedShare : cached;
            }

            if (widest)
                return new(perByte ?? 1 / _options.BytesPerToken, perImage ?? _options.TokensPerImage, output ?? coldOutput, cached);
        }
    }

    private readonly record struct Foresight(double TokensPerByte, double TokensPerImage, double OutputTokens, double CachedShare);
}
