using System.Diagnostics.CodeAnalysis;
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

    /// <summary>More input than this for each byte of text, and for the request, is nothing that the text explains.</summary>
    internal const long MaxTokensPerByte = 16;
    internal const long MaxTokensPerRequest = 1_000;

    /// <summary>With how many of its first calls a tenant teaches what others begin from.</summary>
    private const long CallsForOthers = 32;

    /// <summary>How far others may move what a tenant begins from: by this factor up or down, and this many tokens a request.</summary>
    private const double MostFromOthers = 1.5;
    private const double MostPerRequestFromOthers = 2_000;

    private const double ColdMargin = 0.06;

    /// <summary>Fewer input tokens than this take the margin in part only: there a word more or less is more than any margin.</summary>
    private const double WholeMarginTokens = 20;

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
            {
                return _profiles.Count;
            }
        }
    }

    /// <summary>The tokens to expect of a call.</summary>
    /// <param name="key">What it is.</param>
    /// <param name="prompt">The size of its prompt.</param>
    /// <param name="maxOutputTokens">The bound on output tokens of one choice; 0 for calls without output, null for none.</param>
    /// <param name="choices">How many answers are asked for.</param>
    public TokenEstimate Estimate(in EstimateKey key, in PromptSize prompt, long? maxOutputTokens, int choices)
    {
        var known = prompt.IsCredible ? prompt : new PromptSize(Math.Max(0, prompt.TextBytes), Math.Max(0, prompt.Images));
        var size = SizeOf(known);
        var coldOutput = (double)_options.OutputTokens * Math.Max(1, choices);
        Foresight foresight;
        lock (_lock)
        {
            foresight = Foresee(key.Bounded(), known.Content, size, coldOutput);
        }

        var input = (long)Math.Ceiling((foresight.Input * (1 + foresight.Margin)) - 0.5 + (known.Images * foresight.TokensPerImage));
        var output = (long)Math.Ceiling(foresight.OutputTokens);
        if (maxOutputTokens is { } max)
        {
            output = (long)Int128.Min(output, (Int128)Math.Max(0, max) * Math.Max(1, choices));
        }

        input = Math.Max(input, known.LeastTokens);
        return new TokenEstimate(input, output, (long)(input * foresight.CachedShare));
    }

    /// <summary>Learns from a call that ended. What makes no sense (negative, absurdly large, more cached than input) is ignored.</summary>
    /// <param name="key">What it was.</param>
    /// <param name="prompt">The size of its prompt.</param>
    /// <param name="usage">What it used; input or output of zero teaches nothing of that part.</param>
    public void Learn(in EstimateKey key, in PromptSize prompt, in TokenUsage usage)
    {
        if (!prompt.IsCredible || !IsCredible(usage) || usage.TotalTokens == 0)
        {
            return;
        }

        var at = key.Bounded();
        var size = SizeOf(prompt);
        lock (_lock)
        {
            var voice = 0L;
            while (true)
            {
                // A tenant's calls count towards what others begin from up to a bound, however many they are.
                voice = at.IsTenants && at.Tenant is not null ? Use(at).Answers : voice;
                if (at.IsWidest && voice >= CallsForOthers)
                {
                    break;
                }

                var text = Foresee(at, prompt.Content, size, 0).Input;
                Use(at).Learn(prompt, size, text, usage);
                if (at.IsWidest)
                {
                    break;
                }

                at = at.Wider();
            }
        }
    }

    /// <summary>What was learned, to be stored.</summary>
    public EstimatorState Export()
    {
        lock (_lock)
        {
            return new EstimatorState([.. _profiles.OldestFirst.Select(profile => profile.Export())]);
        }
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
                var key = new EstimateKey(stored.Model, stored.Workflow, stored.Step) { Tenant = stored.Tenant };
                var profile = new Profile(key, _options);
                if (key != key.Bounded() || !profile.TryImport(stored))
                {
                    continue;
                }

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
        {
            return profile;
        }

        profile = new Profile(key, _options);
        _profiles.Put(profile);
        return profile;
    }

    private double SizeOf(in PromptSize prompt) => prompt.Tokens > 0 ? prompt.Tokens : prompt.TextBytes / _options.BytesPerToken;

    /// <summary>
    /// Asks from the narrowest key to the widest. Caching is not foreseen from other steps: their prompts are not in its cache.
    /// </summary>
    private Foresight Foresee(in EstimateKey key, ContentKind kind, double size, double coldOutput)
    {
        double? perImage = null, output = null, margin = null;
        double cached = 0;
        Profile? step = null, workflow = null, tenant = null, model = null;
        var (narrowest, at) = (true, key);
        while (true)
        {
            var widest = at.IsWidest;
            if (_profiles.TryUse(at, out var profile))
            {
                perImage ??= profile.TokensPerImage(widest ? _options.TokensPerImage : null);
                output ??= profile.OutputTokens(widest ? coldOutput : null);
                cached = narrowest ? profile.CachedShare : cached;
                margin ??= profile.Input[(int)kind]?.Margin(size);
                (step, workflow, tenant, model) = widest ? (step, workflow, tenant, profile)
                    : at.IsTenants ? (step, workflow, profile, model)
                    : at.Step is null ? (step, profile, tenant, model)
                    : (profile, workflow, tenant, model);
            }

            if (widest)
            {
                break;
            }

            (at, narrowest) = (at.Wider(), false);
        }

        var lines = new InputFit.Lines(_options.TokensPerRequest);
        ((Span<double>)lines.PerToken).Fill(1);
        lines = Refined(lines, model);
        if (key.Tenant is not null)
        {
            lines.PerRequest = Math.Min(lines.PerRequest, MostPerRequestFromOthers);
            foreach (ref var slope in lines.PerToken)
            {
                slope = Math.Clamp(slope, 1 / MostFromOthers, MostFromOthers);
            }
        }

        lines = Refined(Refined(Refined(lines, tenant), workflow), step);
        var input = lines.At(kind, size);
        var share = (margin ?? ColdMargin) * Math.Min(1, input / WholeMarginTokens);
        return new(input, share, perImage ?? _options.TokensPerImage, output ?? coldOutput, cached);

        InputFit.Lines Refined(in InputFit.Lines wider, Profile? own) => own is null ? wider : InputFit.Refine(own.Input, wider, kind, size);
    }

    private readonly record struct Foresight(
        double Input, double Margin, double TokensPerImage, double OutputTokens, double CachedShare);
}

/// <summary>The profiles of the keys last used, at most so many; the least recently used is forgotten for a new one.</summary>
internal sealed class ProfileStore(int capacity)
{
    private readonly Dictionary<EstimateKey, Profile> _byKey = [];
    private Profile? _newest;
    private Profile? _oldest;

    internal int Count => _byKey.Count;

    /// <summary>All profiles, the least recently used first.</summary>
    internal IEnumerable<Profile> OldestFirst
    {
        get
        {
            for (var profile = _oldest; profile is not null; profile = profile.Newer)
            {
                yield return profile;
            }
        }
    }

    /// <summary>Finds a profile and makes it the newest.</summary>
    internal bool TryUse(in EstimateKey key, [NotNullWhen(true)] out Profile? profile)
    {
        if (!_byKey.TryGetValue(key, out profile))
        {
            return false;
        }

        if (profile != _newest)
        {
            Unlink(profile);
            LinkNewest(profile);
        }

        return true;
    }

    /// <summary>Takes a profile as the newest, in place of one with the same key.</summary>
    internal void Put(Profile profile)
    {
        Forget(profile.Key);
        if (_byKey.Count >= capacity && _oldest is not null)
        {
            Forget(_oldest.Key);
        }

        _byKey.Add(profile.Key, profile);
        LinkNewest(profile);
    }

    private void Forget(in EstimateKey key)
    {
        if (_byKey.Remove(key, out var profile))
        {
            Unlink(profile);
        }
    }

    private void LinkNewest(Profile profile)
    {
        profile.Older = _newest;
        profile.Newer = null;
        if (_newest is not null)
        {
            _newest.Newer = profile;
        }

        _newest = profile;
        _oldest ??= profile;
    }

    private void Unlink(Profile profile)
    {
        if (profile.Newer is { } newer)
        {
            newer.Older = profile.Older;
        }
        else
        {
            _newest = profile.Older;
        }

        if (profile.Older is { } older)
        {
            older.Newer = profile.Newer;
        }
        else
        {
            _oldest = profile.Newer;
        }
    }
}

/// <summary>Everything an estimator has learned, to be stored and taken up again.</summary>
/// <param name="Profiles">What is known of each key, the least recently used first.</param>
public sealed record EstimatorState(IReadOnlyList<ProfileState> Profiles);

/// <summary>What is known of one key.</summary>
/// <param name="Model">The model.</param>
/// <param name="Workflow">The workflow, or null for the whole model.</param>
/// <param name="Step">The step, or null for the whole workflow.</param>
/// <param name="Tenant">The tenant, or null for all of them.</param>
/// <param name="Input">How input follows from size, by the kind of text; null for kinds not seen.</param>
/// <param name="Output">Output tokens per call.</param>
/// <param name="Cached">Cached input per input, in hundredths.</param>
/// <param name="Image">Tokens per image; null where no call had any.</param>
public sealed record ProfileState(
    string Model, string? Workflow, string? Step, string? Tenant, IReadOnlyList<IReadOnlyList<double>?> Input, HistogramState Output, HistogramState Cached, HistogramState? Image);

/// <summary>The buckets of a histogram that are not empty.</summary>
/// <param name="Buckets">Their numbers, ascending.</param>
/// <param name="Weights">Their weights, where the newest value weighs one.</param>
public sealed record HistogramState(IReadOnlyList<int> Buckets, IReadOnlyList<double> Weights);
