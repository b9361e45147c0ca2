namespace FuncLimiter.Core.Budgets;

/// <summary>
/// A counter that starts anew at fixed boundaries. Until the phase is learned from headers it is kept as a sliding window, which is safe
/// for every phase. Near a boundary nobody knows in which window a call arrives: what is taken there counts in both.
/// </summary>
public sealed class FixedWindow : Meter
{
    private readonly WindowPhase phase;
    private readonly SlidingWindow sliding;
    private readonly double[] used = new double[3];
    private Instant middleStart;
    private ReportedUse reported;

    /// <summary>An empty window of unknown phase.</summary>
    public FixedWindow(Limit limit, Caution caution)
        : base(limit, caution)
    {
        phase = new(limit.Window);
        sliding = new(limit, caution);
    }

    /// <summary>Whether the boundaries are known.</summary>
    public bool IsPhaseKnown => phase.IsKnown;

    private TimeSpan Guard => TimeSpan.FromTicks(Math.Min(Limit.Window.Ticks / 4, (phase.Uncertainty + Caution.Jitter).Ticks));

    /// <inheritdoc/>
    public override Instant WholeAt(Instant now)
    {
        if (!phase.IsKnown)
        {
            return sliding.WholeAt(now);
        }

        Turn(now);
        return used[2] > 0 ? middleStart + (Limit.Window * 2) + Guard : used[1] > 0 || used[0] > 0 ? middleStart + Limit.Window + Guard : now;
    }

    /// <inheritdoc/>
    internal override TimeSpan? Round(in Scheduling.RunTime runs) => phase.IsKnown ? Limit.Window : base.Round(runs);

    /// <inheritdoc/>
    protected override Instant FindRoom(double amount, Instant now)
    {
        if (!phase.IsKnown)
        {
            return sliding.FitsAt(amount, now);
        }

        if (amount > Effective)
        {
            return Instant.Never;
        }

        Turn(now);
        var (from, to) = Touched(now);
        var fits = true;
        for (var i = from; i <= to; i++)
        {
            fits &= used[i] + amount <= Effective;
        }

        if (fits)
        {
            return now;
        }

        // After the guard of a boundary only the window that it opens counts.
        var next = middleStart + Guard;
        if (next > now && used[1] + amount <= Effective)
        {
            return next;
        }

        next += Limit.Window;
        return used[2] + amount <= Effective ? next : next + Limit.Window;
    }

    /// <inheritdoc/>
    private protected override Instant FindTurn(double amount, double before, in Scheduling.QueueAhead ahead, Instant now) =>
        phase.IsKnown ? FindTurnOfWindow(amount, before, now) : sliding.Foresee(amount, before, ahead, now);

    /// <inheritdoc/>
    protected override void Add(double amount, Instant now)
    {
        sliding.Take(amount, now);
        if (!phase.IsKnown)
        {
            return;
        }

        Turn(now);
        var (from, to) = Touched(now);
        for (var i = from; i <= to; i++)
        {
            used[i] += amount;
        }
    }

    /// <inheritdoc/>
    protected override void GiveBack(double amount, Instant takenAt, Instant now)
    {
        sliding.Settle(amount, 0, takenAt, now);
        if (!phase.IsKnown)
        {
            return;
        }

        // What counts in two windows comes back in the likelier one only: how wide the guard was back then is not remembered.
        Turn(now);
        var windows = (takenAt - middleStart).Ticks / (double)Limit.Window.Ticks;
        if (windows is >= -1 and < 2)
        {
            ref var part = ref used[(int)Math.Floor(windows) + 1];
            part = Math.Max(0, part - amount);
        }
    }

    /// <inheritdoc/>
    internal override double UsedAt(Instant at, in Scheduling.RunTime runs, Instant now) =>
        !phase.IsKnown ? sliding.UsedAt(at, runs, now) : at >= middleStart + Limit.Window + Guard ? 0 : Used(now);

    /// <inheritdoc/>
    protected override double CurrentUse(Instant now)
    {
        if (!phase.IsKnown)
        {
            return sliding.Used(now);
        }

        Turn(now);
        return used[1];
    }

    /// <inheritdoc/>
    protected override void Reconcile(in LimitReading reading, in Elapsed since, Instant now)
    {
        if (reading.ResetIn is { } resetIn)
        {
            LearnPhase(resetIn, since.SentAt, now);
        }

        if (!phase.IsKnown)
        {
            sliding.Observe(reading, since, now);
            return;
        }

        Turn(now);
        if (reading.Remaining is not { } remaining || since.SentAt < middleStart + Guard)
        {
            return;
        }

        // Within a window what is used only grows: the report can't know of more of ours than is counted now.
        var others = Effective - remaining - used[1];
        if (others > reading.Rounding)
        {
            Add(others, now);
        }

        if (reading.Limit is { } limit && limit <= Limit.Ceiling)
        {
            reported.Note(limit - remaining, since.SentAt, Caution.Jitter);
            used[1] = Math.Min(used[1], Math.Max(0, reported.Amount + reading.Rounding + since.UnderWay));
        }
    }

    /// <inheritdoc/>
    protected override MeterState Store(double allowance, Instant now) => sliding.Save(allowance, now);

    /// <inheritdoc/>
    protected override void Load(MeterState state, Instant now) => sliding.Restore(state, now);

    /// <inheritdoc/>
    protected override void Learn(double amount, Instant now)
    {
        base.Learn(amount, now);
        sliding.Follow(Limit, amount, now);
    }

    /// <inheritdoc/>
    internal override void Miss(double held, double final, Instant sentAt)
    {
        reported.Miss(held, final, sentAt, Caution.Jitter);
        sliding.Miss(held, final, sentAt);
    }

    private void LearnPhase(TimeSpan resetIn, Instant sentAt, Instant now)
    {
        var isNew = phase.Observe(resetIn, sentAt, now);
        if (isNew)
        {
            // What was taken since a window may have begun may be in it.
            middleStart = StartOf(now);
            used[0] = sliding.Used(now);
            used[1] = sliding.TakenSince(middleStart - Guard);
            used[2] = sliding.TakenSince(middleStart + Limit.Window - Guard);
        }
        else if (phase.IsKnown)
        {
            middleStart = StartOf(middleStart + (Limit.Window / 2));
        }
    }

    private Instant StartOf(Instant now)
    {
        var windows = Math.Floor((double)(now - phase.Boundary).Ticks / Limit.Window.Ticks);
        return phase.Boundary + TimeSpan.FromTicks((long)windows * Limit.Window.Ticks);
    }

    // Moves on until the window in the middle is the one that now lies in.
    private void Turn(Instant now)
    {
        while (now >= middleStart + Limit.Window)
        {
            if (now >= middleStart + (Limit.Window * 4))
            {
                Array.Fill(used, 0);
                middleStart = StartOf(now);
                return;
            }

            (used[0], used[1], used[2]) = (used[1], used[2], 0);
            middleStart += Limit.Window;
        }
    }

    private (int From, int To) Touched(Instant at)
    {
        var end = middleStart + Limit.Window;
        var from = at < middleStart + Guard ? 0 : 1;
        var to = at >= end - Guard ? 2 : at < middleStart - Guard ? 0 : 1;
        return (from, to);
    }
}

/// <summary>
/// Where the boundaries of a provider's fixed window lie, narrowed down from reset headers. Each report places a boundary in an interval
/// (resets are told in whole seconds, and the answer was under way); the phase is what all reports of late agree on.
/// </summary>
public sealed class WindowPhase
{
    private static readonly TimeSpan Resolution = TimeSpan.FromSeconds(1);
    private readonly TimeSpan window;
    private Instant earliest;
    private Instant latest;

    /// <summary>A phase not known yet.</summary>
    /// <param name="window">The window's length.</param>
    public WindowPhase(TimeSpan window) => this.window = window;

    /// <summary>True once a boundary is known to less than a quarter of the window.</summary>
    public bool IsKnown { get; private set; }

    /// <summary>How far a true boundary may lie from <see cref="Boundary"/> on either side.</summary>
    public TimeSpan Uncertainty => (latest - earliest) / 2;

    /// <summary>A boundary, in the middle of where it may lie.</summary>
    public Instant Boundary => earliest + Uncertainty;

    /// <summary>Takes a report that the window ends in a span, stamped between two instants. True where the boundaries are not what they were.</summary>
    public bool Observe(TimeSpan resetIn, Instant sentAt, Instant now)
    {
        if (resetIn < TimeSpan.Zero || resetIn > window + Resolution)
        {
            return false;
        }

        // Whole seconds may have been rounded either way.
        var slack = resetIn.Ticks % TimeSpan.TicksPerSecond == 0 ? Resolution : TimeSpan.Zero;
        var (low, high) = (sentAt + resetIn - slack, now + resetIn + slack);
        if (high - low >= window / 4)
        {
            return false;
        }

        if (IsKnown)
        {
            var windows = Math.Round((double)((low + ((high - low) / 2)) - Boundary).Ticks / window.Ticks);
            var shift = TimeSpan.FromTicks((long)windows * window.Ticks);
            var (lower, upper) = (Instant.Max(low, earliest + shift), Instant.Min(high, latest + shift));
            if (lower <= upper)
            {
                (earliest, latest) = (lower, upper);
                return false;
            }
        }

        (earliest, latest, IsKnown) = (low, high, true);
        return true;
    }
}
