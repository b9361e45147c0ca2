namespace FuncLimiter.Simulation.Virtual;

/// <summary>Chance from a seed, the same on every machine and in every version (xorshift64*, Vigna 2016).</summary>
public sealed class Chance
{
    private const double Unit = 1.0 / (1UL << 53);
    private ulong _state;

    /// <param name="seed">Any number; streams of one seed are told apart by <paramref name="stream"/>.</param>
    /// <param name="stream">Which stream.</param>
    public Chance(ulong seed, ulong stream = 0)
    {
        // SplitMix64 spreads seeds that lie side by side.
        var mixed = seed + (0x9E3779B97F4A7C15UL * (stream + 1));
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9UL;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBUL;
        _state = (mixed ^ (mixed >> 31)) | 1;
    }

    /// <summary>The next 64 bits.</summary>
    public ulong Next()
    {
        _state ^= _state >> 12;
        _state ^= _state << 25;
        _state ^= _state >> 27;
        return _state * 0x2545F4914F6CDD1DUL;
    }

    /// <summary>A number above 0 and below 1.</summary>
    public double Share() => ((Next() >> 11) + 0.5) * Unit;

    /// <summary>The time to the next of events that come at random.</summary>
    /// <param name="perSecond">How many come in a second on average; above 0.</param>
    public double Gap(double perSecond) => -Math.Log(Share()) / perSecond;

    /// <summary>A draw from the standard normal distribution.</summary>
    public double Normal() => Math.Sqrt(-2 * Math.Log(Share())) * Math.Cos(2 * Math.PI * Share());
}
