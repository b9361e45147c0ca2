namespace FuncLimiter.IndependentProvider;

/// <summary>One charge as it was made. Its amount may be corrected when the call ends.</summary>
internal sealed class Entry(double at, double amount)
{
    public double At { get; } = at;

    public double Amount { get; set; } = amount;
}

/// <summary>Holds one limit, and keeps every charge, so that what was counted can be told afterwards. Times are seconds since the start.</summary>
internal abstract class Gauge(Limit limit, string name)
{
    private const double Fit = 1e-9;
    private readonly List<Entry> _entries = [];

    public string Name { get; } = name;

    public Limit Limit { get; private set; } = limit;

    public long Refused { get; private set; }

    /// <summary>The most that it ever held.</summary>
    public double MostUsed { get; private set; }

    protected IReadOnlyList<Entry> Entries => _entries;

    /// <summary>What is used of the limit now.</summary>
    public abstract double Used(double now);

    /// <summary>The most that one call may take.</summary>
    public virtual double Whole => Limit.Amount;

    /// <summary>Seconds until an amount fits; 0 where it does, infinite where it never will.</summary>
    public double Wait(double amount, double now) => amount > Whole + Fit ? double.PositiveInfinity : Used(now) + amount <= Whole + Fit ? 0 : WaitFor(amount, now);

    /// <summary>Seconds until nothing is used any more.</summary>
    public abstract double EmptyIn(double now);

    public Entry Take(double amount, double now)
    {
        var entry = new Entry(now, amount);
        _entries.Add(entry);
        Taken(entry, now);
        MostUsed = Math.Max(MostUsed, Used(now));
        return entry;
    }

    /// <summary>Corrects a charge to what it came to.</summary>
    public void Correct(Entry entry, double amount, double now)
    {
        var change = amount - entry.Amount;
        if (change > 0)
        {
            Take(change, now);
        }
        else if (change < 0)
        {
            entry.Amount = amount;
            Returned(entry, -change, now);
        }
    }

    public void Refuse(double amount, double now)
    {
        Refused++;
        if (Limit.CountsRefused)
        {
            Take(amount, now);
        }
    }

    public virtual void Change(double amount, double now) => Limit = Limit with { Amount = amount };

    /// <summary>All that was charged.</summary>
    public double Charged => _entries.Sum(entry => entry.Amount);

    /// <summary>The most that any span as long as the window holds, wherever it begins.</summary>
    public double MostInAnyWindow()
    {
        var (most, held, first) = (0.0, 0.0, 0);
        foreach (var entry in _entries)
        {
            held += entry.Amount;
            while (_entries[first].At <= entry.At - Limit.WindowSeconds)
            {
                held -= _entries[first++].Amount;
            }

            most = Math.Max(most, held);
        }

        return most;
    }

    public static Gauge Create(Limit limit, string name) => limit switch
    {
        { Counts: Counts.Concurrent } => new Slots(limit, name),
        { How: Enforcement.Sliding } => new SlidingLog(limit, name),
        { How: Enforcement.Fixed } => new Counter(limit, name),
        { How: Enforcement.Ramp } => new Ramp(limit, name),
        _ => new Bucket(limit, name),
    };

    protected abstract double WaitFor(double amount, double now);

    protected virtual void Taken(Entry entry, double now)
    {
    }

    protected virtual void Returned(Entry entry, double amount, double now)
    {
    }
}

/// <summary>A level that falls at the refill's pace. It may go above the capacity where output is charged after the fact.</summary>
internal sealed class Bucket(Limit limit, string name) : Gauge(limit, name)
{
    private double _level;
    private double _at;

    public override double Whole => Limit.Capacity ?? Limit.Amount;

    private double Rate => Limit.Amount / Limit.WindowSeconds;

    public override double Used(double now) => Math.Max(0, _level - ((now - _at) * Rate));

    public override double EmptyIn(double now) => Used(now) / Rate;

    public override void Change(double amount, double now)
    {
        Settle(now);
        base.Change(amount, now);
    }

    protected override double WaitFor(double amount, double now) => (Used(now) + amount - Whole) / Rate;

    protected override void Taken(Entry entry, double now)
    {
        Settle(now);
        _level += entry.Amount;
    }

    protected override void Returned(Entry entry, double amount, double now)
    {
        Settle(now);
        _level = Math.Max(0, _level - amount);
    }

    private void Settle(double now) => (_level, _at) = (Used(now), now);
}

/// <summary>An exact log: what was charged in the last window.</summary>
internal sealed class SlidingLog(Limit limit, string name) : Gauge(limit, name)
{
    private int _first;

    public override double Used(double now)
    {
        while (_first < Entries.Count && Entries[_first].At <= now - Limit.WindowSeconds)
        {
            _first++;
        }

        var held = 0.0;
        for (var index = _first; index < Entries.Count; index++)
        {
            held += Entries[index].Amount;
        }

        return held;
    }

    public override double EmptyIn(double now) => Used(now) <= 0 ? 0 : Entries[^1].At + Limit.WindowSeconds - now;

    protected override double WaitFor(double amount, double now)
    {
        var held = Used(now);
        for (var index = _first; index < Entries.Count; index++)
        {
            held -= Entries[index].Amount;
            if (held + amount <= Whole + 1e-9)
            {
                return Entries[index].At + Limit.WindowSeconds - now;
            }
        }

        return Limit.WindowSeconds;
    }
}

/// <summary>A counter that starts anew with each window.</summary>
internal class Counter(Limit limit, string name) : Gauge(limit, name)
{
    private readonly double _phase = limit.PhaseSeconds;
    private long _window = long.MinValue;

    protected double Count { get; private set; }

    public override double Used(double now)
    {
        Roll(now);
        return Count;
    }

    public override double EmptyIn(double now) => ((WindowOf(now) + 1) * Limit.WindowSeconds) + _phase - now;

    protected override double WaitFor(double amount, double now) => EmptyIn(now);

    protected override void Taken(Entry entry, double now)
    {
        Roll(now);
        Count += entry.Amount;
    }

    protected override void Returned(Entry entry, double amount, double now)
    {
        Roll(now);
        if (WindowOf(entry.At) == _window)
        {
            Count -= amount;
        }
    }

    /// <summary>What a window begins with, told what the last one held and how many passed.</summary>
    protected virtual void Begin(double held, long passed)
    {
    }

    private long WindowOf(double at) => (long)Math.Floor((at - _phase) / Limit.WindowSeconds);

    private void Roll(double now)
    {
        var window = WindowOf(now);
        if (window == _window)
        {
            return;
        }

        Begin(Count, _window == long.MinValue ? long.MaxValue : window - _window);
        (_window, Count) = (window, 0);
    }
}

/// <summary>An acceleration limit, raised at each window's end by what was used: the amount is the floor of what each window may hold.</summary>
internal sealed class Ramp(Limit limit, string name) : Counter(limit, name)
{
    private double _whole = limit.Amount;

    public override double Whole => _whole;

    protected override void Begin(double held, long passed) => _whole = passed > 1 ? Limit.Amount : Math.Max(Limit.Amount, held * Limit.Growth);
}

/// <summary>Calls under way.</summary>
internal sealed class Slots(Limit limit, string name) : Gauge(limit, name)
{
    private double _held;

    public override double Used(double now) => _held;

    public override double EmptyIn(double now) => 1;

    protected override double WaitFor(double amount, double now) => 1;

    protected override void Taken(Entry entry, double now) => _held += entry.Amount;

    protected override void Returned(Entry entry, double amount, double now) => _held -= amount;
}
