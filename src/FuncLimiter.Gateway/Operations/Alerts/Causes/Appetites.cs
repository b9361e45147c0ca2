using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Gateway.Operations.Alerts.Causes;

/// <summary>Who takes how much of what, for as many consumers as there is room for; those who have long asked for nothing make room first.</summary>
/// <param name="beginning">When counting began.</param>
/// <param name="sharers">The deployments that count against a shared limit, by its id.</param>
internal sealed class Appetites(Instant beginning, Func<string, IReadOnlySet<string>> sharers)
{
    private const int Most = 50_000;
    private const double Negligible = 0.01;
    private static readonly TimeSpan SweepEvery = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly Dictionary<Consumer, Appetite> _all = [];
    private Instant _sweptAt;
    private Instant _learntAt;

    /// <summary>When counting began.</summary>
    public Instant Beginning => beginning;

    /// <summary>Whose taking counts for a budget.</summary>
    public Scope ScopeOf(string budget) => Scope.Of(budget, sharers);

    /// <summary>A consumer asks for so many tokens.</summary>
    public void Ask(in Consumer consumer, double tokens, Instant now)
    {
        lock (_gate)
        {
            Of(consumer, now)?.Ask(tokens, now);
        }
    }

    /// <summary>A consumer gets so many tokens.</summary>
    public void Take(in Consumer consumer, double tokens, Instant now)
    {
        lock (_gate)
        {
            Of(consumer, now)?.Take(tokens, now);
        }
    }

    /// <summary>The consumers of a kind that take of a scope, with what is read of each.</summary>
    /// <param name="read">What is to be known of them.</param>
    public List<(Consumer Consumer, T Value)> Read<T>(Func<Consumer, bool> isMeant, Func<Appetite, T> read)
    {
        lock (_gate)
        {
            return [.. _all.Where(entry => isMeant(entry.Key)).Select(entry => (entry.Key, read(entry.Value)))];
        }
    }

    /// <summary>Learns what is usual; about every second.</summary>
    public void Learn(Instant now)
    {
        lock (_gate)
        {
            var elapsed = _learntAt == Instant.Distant ? 1 : (now - _learntAt).TotalSeconds;
            _learntAt = now;
            foreach (var (consumer, appetite) in _all)
            {
                if (consumer.Kind is ConsumerKind.User or ConsumerKind.Run)
                {
                    appetite.Learn(now, elapsed);
                }
            }
        }
    }

    private Appetite? Of(in Consumer consumer, Instant now)
    {
        if (_all.TryGetValue(consumer, out var appetite))
        {
            return appetite;
        }

        if (_all.Count >= Most)
        {
            Sweep(now);
            if (_all.Count >= Most)
            {
                return null;
            }
        }

        _all.Add(consumer, appetite = new(now));
        return appetite;
    }

    private void Sweep(Instant now)
    {
        if (now - _sweptAt < SweepEvery)
        {
            return;
        }

        _sweptAt = now;
        foreach (var (consumer, appetite) in _all)
        {
            if (appetite.Asking(now) < Negligible && appetite.Taking(now) < Negligible)
            {
                _all.Remove(consumer);
            }
        }
    }
}

/// <summary>How fast one consumer asks and takes: now, and over its last hour and day. Sums that fade; in tokens.</summary>
internal sealed class Appetite(Instant since)
{
    private const double NowSeconds = 5;
    private const double HourSeconds = 3_600;
    private const double DaySeconds = 86_400;
    private const double GrainSeconds = 0.05;
    private const double LearnSeconds = 300;
    private const double SurgeOver = 4;
    private const double FewCalls = 4;
    private static readonly TimeSpan Youth = TimeSpan.FromSeconds(20);

    private Instant _at = since;
    private double _asked;
    private double _taken;
    private double _hour;
    private double _day;
    private double _total;
    private long _calls;

    /// <summary>Since when it is known.</summary>
    public Instant Since { get; } = since;

    /// <summary>
    /// What it usually asks a second. In its first seconds the mean so far; then it follows slowly, and not at all through a surge.
    /// </summary>
    public double Usual { get; private set; }

    /// <summary>It asks for so much.</summary>
    public void Ask(double tokens, Instant now)
    {
        Fade(now);
        _asked += tokens;
        _total += tokens;
        _calls++;
    }

    /// <summary>It gets so much.</summary>
    public void Take(double tokens, Instant now)
    {
        Fade(now);
        _taken += tokens;
        _hour += tokens;
        _day += tokens;
    }

    /// <summary>What it asks a second now.</summary>
    public double Asking(Instant now) => _asked * Faded(now, NowSeconds) / NowSeconds;

    /// <summary>
    /// What it asks a second now beyond what a few calls at the same time come to: who calls once a minute is in no rush when two calls meet.
    /// </summary>
    public double Rush(Instant now) => Math.Max(0, Asking(now) - (_calls == 0 ? 0 : FewCalls * _total / _calls / NowSeconds));

    /// <summary>What it takes a second now.</summary>
    public double Taking(Instant now) => _taken * Faded(now, NowSeconds) / NowSeconds;

    /// <summary>What it took a second over the last hour, or since the beginning where that is later.</summary>
    public double LastHour(Instant now, Instant beginning) => Mean(_hour * Faded(now, HourSeconds), HourSeconds, now, beginning);

    /// <summary>The same over the last day.</summary>
    public double LastDay(Instant now, Instant beginning) => Mean(_day * Faded(now, DaySeconds), DaySeconds, now, beginning);

    /// <summary>Learns what is usual; to be called about every second.</summary>
    public void Learn(Instant now, double elapsedSeconds)
    {
        var age = (now - Since).TotalSeconds;
        if (now - Since < Youth)
        {
            Usual = _total / Math.Max(1, age);
            return;
        }

        var asking = Asking(now);
        if (asking < Usual * SurgeOver)
        {
            Usual += (asking - Usual) * Math.Min(1, elapsedSeconds / LearnSeconds);
        }
    }

    private static double Mean(double sum, double memory, Instant now, Instant beginning)
    {
        var age = Math.Max(1, (now - beginning).TotalSeconds);
        return sum / (memory * (1 - Math.Exp(-age / memory)));
    }

    private double Faded(Instant now, double memory) => Math.Exp(-Math.Max(0, (now - _at).TotalSeconds) / memory);

    private void Fade(Instant now)
    {
        if ((now - _at).TotalSeconds < GrainSeconds)
        {
            return;
        }

        var (fast, hour, day) = (Faded(now, NowSeconds), Faded(now, HourSeconds), Faded(now, DaySeconds));
        _asked *= fast;
        _taken *= fast;
        _hour *= hour;
        _day *= day;
        _at = now;
    }
}
