namespace FuncLimiter.Core.Budgets;

/// <summary>Calls under way at once. Room comes by settlements, not by time, so a full meter's instant is <see cref="Instant.Unknown"/>.</summary>
public sealed class ConcurrencyMeter : Meter
{
    // When those under way began, the oldest first.
    private readonly List<(Instant At, double Amount)> begun = [];
    private double running;

    /// <summary>A meter with nothing under way.</summary>
    public ConcurrencyMeter(Limit limit, Caution caution)
        : base(limit, caution)
    {
    }

    /// <inheritdoc/>
    public override Instant WholeAt(Instant now) => running > 0 ? Instant.Unknown : now;

    /// <inheritdoc/>
    internal override TimeSpan? Round(in Scheduling.RunTime runs) => runs.Together(Effective) + Scheduling.QueueAhead.LostFor(Effective);

    /// <inheritdoc/>
    protected override Instant FindRoom(double amount, Instant now) =>
        amount > Effective ? Instant.Never : running + amount <= Effective ? now : Instant.Unknown;

    /// <summary>As calls end one by one, the oldest first, and as many begin in their places.</summary>
    private protected override Instant FindTurn(double amount, double before, in Scheduling.QueueAhead ahead, Instant now)
    {
        var ends = running + Held + (ahead.Calls * amount) + amount - Effective;
        if (ends <= 0)
        {
            return now;
        }

        var last = (int)Math.Clamp(Math.Ceiling(ends - 1e-9) - 1, 0, 1e9);
        var round = ahead.Runs.Together(Effective) + TimeSpan.FromSeconds(ahead.LostSecondsOf(Effective));
        var (rounds, place) = (last / (int)Effective, last % (int)Effective);
        var end = place < begun.Count ? begun[place].At + ahead.Runs.Longest : now + ahead.Runs.Longest + (Held > 0 ? Scheduling.QueueAhead.Late : TimeSpan.Zero);

        // Whoever runs longer than calls do may go on for a while.
        return Instant.Max(end, now + (ahead.Runs.Longest / 4)) + (rounds * round);
    }

    /// <inheritdoc/>
    protected override void Add(double amount, Instant now)
    {
        running += amount;
        begun.Add((now, amount));
    }

    /// <inheritdoc/>
    protected override void GiveBack(double amount, Instant takenAt, Instant now)
    {
        running = Math.Max(0, running - amount);
        var index = begun.FindIndex(call => call.At >= takenAt);
        if (index >= 0)
        {
            begun.RemoveAt(index);
        }
    }

    /// <inheritdoc/>
    internal override double UsedAt(Instant at, in Scheduling.RunTime runs, Instant now)
    {
        var amount = 0.0;
        for (var i = begun.Count - 1; i >= 0 && begun[i].At + runs.Longest > at; i--)
        {
            amount += begun[i].Amount;
        }

        return amount;
    }

    /// <inheritdoc/>
    protected override double CurrentUse(Instant now) => running;

    /// <inheritdoc/>
    protected override void Reconcile(in LimitReading reading, in Elapsed since, Instant now)
    {
        // No provider reports places among the calls under way in a way that could be compared with ours.
    }

    /// <inheritdoc/>
    protected override MeterState Store(double allowance, Instant now) => new(Dimension, 0, now.Ticks, 0);

    /// <inheritdoc/>
    protected override void Load(MeterState state, Instant now)
    {
        // Calls under way ended with the process that made them.
    }
}
