namespace FuncLimiter.Simulation.Virtual;

/// <summary>
/// The calls of a whole group of agents as one random process, however many agents it has: those that think all do so alike, so that only
/// their number matters. Candidates come at the group's highest rate, and each counts with the chance that the rate has at its instant.
/// </summary>
public sealed class Arrivals
{
    private const double SecondsPerHour = 3600;
    private readonly double[] _perSecondByHour;
    private readonly double _thinkSeconds;
    private readonly double _most;
    private readonly Chance _chance;

    private Arrivals(double[] perSecondByHour, long agents, double thinkSeconds, Chance chance)
    {
        (_perSecondByHour, Idle, _thinkSeconds, _chance) = (perSecondByHour, agents, thinkSeconds, chance);
        _most = agents > 0 ? agents / thinkSeconds : perSecondByHour.Max();
    }

    /// <summary>Of agents that each make one call after the other: how many are not making one now.</summary>
    public long Idle { get; private set; }

    /// <summary>Whether any call ever comes.</summary>
    public bool IsAny => _most > 0;

    private bool IsOfAgents => _thinkSeconds > 0;

    /// <summary>Calls that come whatever becomes of earlier ones.</summary>
    /// <param name="callsByHour">Calls in each hour of the day, from midnight on; 24 numbers.</param>
    /// <param name="chance">Where chance comes from.</param>
    public static Arrivals ByHour(IReadOnlyList<double> callsByHour, Chance chance) =>
        new([.. callsByHour.Select(calls => calls / SecondsPerHour)], 0, 0, chance);

    /// <summary>Agents that call, wait for the answer, think, and call again.</summary>
    /// <param name="agents">How many.</param>
    /// <param name="thinkSeconds">How long each thinks on average; above 0.</param>
    /// <param name="chance">Where chance comes from.</param>
    public static Arrivals OfAgents(long agents, double thinkSeconds, Chance chance) => new([], agents, thinkSeconds, chance);

    /// <summary>How long after the last candidate the next one comes, in seconds.</summary>
    public double NextGap() => _chance.Gap(_most);

    /// <summary>Whether a candidate is a call; if so, an agent is busy with it.</summary>
    /// <param name="secondOfDay">When it comes, in seconds since midnight; past a day it begins anew.</param>
    public bool TryArrive(double secondOfDay)
    {
        var rate = IsOfAgents ? Idle / _thinkSeconds : _perSecondByHour[(int)(secondOfDay / SecondsPerHour) % _perSecondByHour.Length];
        if (_chance.Share() * _most >= rate)
        {
            return false;
        }

        Idle -= IsOfAgents ? 1 : 0;
        return true;
    }

    /// <summary>A call is over: its agent thinks again.</summary>
    public void Return() => Idle += IsOfAgents ? 1 : 0;
}

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
