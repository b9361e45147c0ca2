namespace FuncLimiter.Core.Budgets;

/// <summary>
/// A counter that starts anew at midnight in the provider's time zone, daylight saving included. What leaves within a jitter of midnight
/// counts for both days.
/// </summary>
public sealed class CalendarDay : Meter
{
    private double yesterday;
    private double today;
    private double tomorrow;
    private Instant dawn;
    private Instant midnight;
    private TimeSpan wallAhead;

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

    /// <summary>
    /// From now on days turn by a wall clock that is so far ahead of the instants handed in. Whatever may have been taken in the day that it
    /// shows counts in it.
    /// </summary>
    internal void FollowWall(TimeSpan ahead, Instant now)
    {
        if (midnight == Instant.Distant)
        {
            wallAhead = ahead;
            return;
        }

        Turn(now);
        var began = dawn;
        wallAhead = ahead;
        (dawn, midnight) = (Start(now), Next(now));
        today += dawn + Caution.Jitter < began ? yesterday : 0;
    }

    /// <inheritdoc/>
    internal override TimeSpan? Round(in Scheduling.RunTime runs) => Limit.Window;

    /// <inheritdoc/>
    internal override double UsedAt(Instant at, in Scheduling.RunTime runs, Instant now)
    {
        Turn(now);
        return at < midnight ? today : at < Next(midnight) ? tomorrow : 0;
    }

    /// <inheritdoc/>
    protected override Instant FindRoom(double amount, Instant now)
    {
        if (amount > Effective)
        {
            return Instant.Never;
        }

        Turn(now);
        if (today + amount <= Effective && (!IsLate(now) || tomorrow + amount <= Effective))
        {
            return !IsEarly(now) || yesterday + amount <= Effective ? now : dawn + Caution.Jitter;
        }

        return (tomorrow + amount <= Effective ? midnight : Next(midnight)) + Caution.Jitter;
    }

    /// <inheritdoc/>
    private protected override Instant FindTurn(double amount, double before, in Scheduling.QueueAhead ahead, Instant now) =>
        FindTurnOfWindow(amount, before, now);

    /// <inheritdoc/>
    protected override void Add(double amount, Instant now)
    {
        Turn(now);
        today += amount;
        yesterday += IsEarly(now) ? amount : 0;
        tomorrow += IsLate(now) ? amount : 0;
    }

    /// <inheritdoc/>
    protected override void GiveBack(double amount, Instant takenAt, Instant now)
    {
        Turn(now);
        if (takenAt >= dawn && !IsLate(takenAt))
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
    protected override void Reconcile(in LimitReading reading, in Elapsed since, Instant now)
    {
        Turn(now);
        if (reading.Remaining is { } remaining && since.SentAt >= dawn + Caution.Jitter)
        {
            today = Math.Max(today, Effective - remaining - reading.Rounding);
        }
    }

    /// <inheritdoc/>
    protected override MeterState Store(double allowance, Instant now)
    {
        Turn(now);
        return new(Dimension, Limit.Window.Ticks, now.Ticks, today + allowance) { EntryAmounts = [yesterday, today, tomorrow, allowance] };
    }

    /// <inheritdoc/>
    protected override void Load(MeterState state, Instant now)
    {
        Turn(now);
        if (state.EntryAmounts is not [var before, var day, var after, var allowance])
        {
            return;
        }

        var end = Next(new Instant(state.AtTicks));
        (yesterday, today, tomorrow) = end == midnight ? (before, day, after) : end == dawn ? (day, after, 0) : (0.0, 0.0, 0.0);

        // It may have been taken as late as just now.
        (yesterday, today, tomorrow) = (yesterday + allowance, today + allowance, tomorrow + (IsLate(now) ? allowance : 0));
    }

    private bool IsEarly(Instant at) => at < dawn + Caution.Jitter;

    private bool IsLate(Instant at) => at >= midnight - Caution.Jitter;

    private void Turn(Instant now)
    {
        if (now < midnight)
        {
            return;
        }

        var isNextDay = midnight > Instant.Distant && now < Next(midnight);
        (yesterday, today, tomorrow) = isNextDay ? (today, tomorrow, 0) : (0, 0, 0);
        midnight = Next(now);
        dawn = Start(now);
    }

    // The first moment of the day after an instant's.
    private Instant Next(Instant after) => MomentOf(DateAt(after).AddDays(1));

    private Instant Start(Instant at) => MomentOf(DateAt(at));

    private DateTime DateAt(Instant at) => TimeZoneInfo.ConvertTime((at + wallAhead).ToDateTimeOffset(), Zone).Date;

    // A midnight that the clocks skip is the first moment after it; of one that comes twice, the first counts.
    private Instant MomentOf(DateTime date)
    {
        var local = DateTime.SpecifyKind(date, DateTimeKind.Unspecified);
        while (Zone.IsInvalidTime(local))
        {
            local = local.AddMinutes(30);
        }

        var offset = Zone.IsAmbiguousTime(local) ? Zone.GetAmbiguousTimeOffsets(local).Max() : Zone.GetUtcOffset(local);
        return Instant.From(new DateTimeOffset(local, offset)) - wallAhead;
    }
}
