namespace FuncLimiter.Core.Budgets;

/// <summary>Calls under way at once. Room comes by settlements, not by time, so a full meter's instant is <see cref="Instant.Unknown"/>.</summary>
public sealed class ConcurrencyMeter : Meter
{
    private double running;

    /// <summary>A meter with nothing under way.</summary>
    public ConcurrencyMeter(Limit limit, Caution caution)
        : base(limit, caution)
    {
    }

    /// <inheritdoc/>
    public override Instant WholeAt(Instant now) => running > 0 ? Instant.Unknown : now;

    /// <inheritdoc/>
    protected override Instant FindRoom(double amount, Instant now) =>
        amount > Effective ? Instant.Never : running + amount <= Effective ? now : Instant.Unknown;

    /// <inheritdoc/>
    protected override void Add(double amount, Instant now) => running += amount;

    /// <inheritdoc/>
    protected override void GiveBack(double amount, Instant takenAt, Instant now) => running = Math.Max(0, running - amount);

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
