namespace FuncLimiter.Core.Budgets;

/// <summary>A counter that starts anew at midnight in the provider's time zone, daylight saving included. What leaves within a jitter of midnight counts for both days.</summary>
public sealed class CalendarDay : Meter
{
    private double today;
    private double tomorrow;
    private Instant midnight;

    /// <summary>An untouched day.</summary>
    public CalendarDay(Limit limit, Caution caution)
        : base(limit, caution)
    {
    }

    private TimeZoneInfo Zone => Limit.TimeZone ?? TimeZoneInfo.Utc;

    /// <inheritdoc/>
    public override Instant WholeAt(Instant now)
    {
        Turn(now);
        return tomorrow > 0 ? Next(midnight) : today > 0 ? midnight : now;
    }

    /// <inheritdoc/>
    protected override Instant FindRoom(double amount, Instant now)
    {
        if (amount > Effective)
        {
            return Instant.Never;
        }

        Turn(now);
        var fitsToday = today + amount <= Effective;
        var fitsTomorrow = tomorrow + amount <= Effective;
        if (fitsToday && (fitsTomorrow || now < midnight - Caution.Jitter))
        {
            return now;
        }

        return (fitsTomorrow ? midnight : Next(midnight)) + Caution.Jitter;
    }

    /// <inheritdoc/>
    protected override void Add(double amount, Instant now)
    {
        Turn(now);
        today += amount;
        if (now >= midnight - Caution.Jitter)
        {
            tomorrow += amount;
        }
    }

    /// <inheritdoc/>
    protected override void GiveBack(double amount, Instant takenAt, Instant now)
    {
        Turn(now);
        if (Next(takenAt) == midnight && takenAt < midnight - Caution.Jitter)
        {
            today = Math.Max(0, today - amount);
        }
    }

    /// <inheritdoc/>
    protected override double CurrentUse(Instant now)
    {
        Turn(now);
        return today;
    }

    /// <inheritdoc/>
    protected override void Reconcile(in LimitReading reading, Instant sentAt, double takenSinceSent, Instant now)
    {
        Turn(now);
        if (reading.Remaining is { } remaining && Next(sentAt) == midnight)
        {
            today = Math.Max(today, Effective - remaining + takenSinceSent - Rounding(reading));
        }
    }

    /// <inheritdoc/>
    protected override MeterState Store(double allowance, Instant now)
    {
        Turn(now);
        return new(Dimension, Limit.Window.Ticks, now.Ticks, today + allowance);
    }

    /// <inheritdoc/>
    protected override void Load(MeterState state, Instant now)
    {
        Turn(now);
        if (Next(new Instant(state.AtTicks)) == midnight)
        {
            today = state.Used;
        }
    }

    private void Turn(Instant now)
    {
        if (now < midnight)
        {
            return;
        }

        var isNextDay = midnight > Instant.Distant && now < Next(midnight);
        today = isNextDay ? tomorrow : 0;
        tomorrow = 0;
        midnight = Next(now);
    }

    // The first midnight after an instant. A midnight that the clocks skip is the first moment of the day after it.
    private Instant Next(Instant after)
    {
        var local = TimeZoneInfo.ConvertTime(after.ToDateTimeOffset(), Zone);
        var next = DateTime.SpecifyKind(local.Date.AddDays(1), DateTimeKind.Unspecified);
        while (Zone.IsInvalidTime(next))
        {
            next = next.AddMinutes(30);
        }

        return Instant.From(new DateTimeOffset(next, Zone.GetUtcOffset(next)));
    }
}
