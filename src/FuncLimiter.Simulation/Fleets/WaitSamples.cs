namespace FuncLimiter.Simulation.Fleets;

/// <summary>Waits of one class, the last million of them.</summary>
internal sealed class WaitSamples
{
    private const int Most = 1_000_000;
    private readonly List<double> _ms = [];
    private long _count;

    public void Add(double ms)
    {
        if (_ms.Count < Most)
        {
            _ms.Add(ms);
        }
        else
        {
            _ms[(int)(_count % Most)] = ms;
        }

        _count++;
    }

    public WaitReport Report()
    {
        var sorted = _ms.Order().ToArray();
        return new WaitReport(_count, Rank(sorted, 0.5), Rank(sorted, 0.99), sorted.Length == 0 ? 0 : sorted[^1]);
    }

    /// <summary>The nearest rank: the smallest sample that so large a share of all does not exceed.</summary>
    internal static double Rank(double[] sorted, double share) =>
        sorted.Length == 0 ? 0 : sorted[Math.Clamp((int)Math.Ceiling((share * sorted.Length) - 1e-9) - 1, 0, sorted.Length - 1)];
}
