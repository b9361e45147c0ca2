namespace FuncLimiter.Simulation.Virtual;

/// <summary>How many tokens calls have: log-normal, as prompts and answers are, around a mean.</summary>
public readonly record struct TokenSpread
{
    private readonly double _location;
    private readonly double _scale;

    /// <param name="mean">The mean, in tokens; 0 for none.</param>
    /// <param name="spread">The standard deviation as a share of the mean; 0 for always the same.</param>
    public TokenSpread(double mean, double spread)
    {
        Mean = mean;
        var variance = Math.Log(1 + (spread * spread));
        _scale = Math.Sqrt(variance);
        _location = mean > 0 ? Math.Log(mean) - (variance / 2) : 0;
    }

    /// <summary>The mean, in tokens.</summary>
    public double Mean { get; }

    /// <summary>One call's tokens, at least 1 where there are any.</summary>
    /// <param name="normal">A draw from the standard normal distribution.</param>
    public long At(double normal) => Mean <= 0 ? 0 : Math.Max(1, (long)Math.Round(Math.Exp(_location + (_scale * normal))));
}
