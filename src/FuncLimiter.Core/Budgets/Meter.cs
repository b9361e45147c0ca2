namespace FuncLimiter.Core.Budgets;

/// <summary>
/// The state of one limit. Takes and answers with instants; keeps no clock, and time that runs backwards counts as standing still.
/// Every change goes through <see cref="Take"/>, <see cref="Settle"/> and <see cref="Observe"/>; none of them can fail.
/// </summary>
public abstract class Meter
{
    private const double FarthestSeconds = 1e9;
    private static readonly TimeSpan LongestFairWindow = TimeSpan.FromHours(1);
    private Instant latest;

    /// <summary>A meter of a limit.</summary>
    /// <param name="limit">The limit as configured.</param>
    /// <param name="caution">How far to stay from it, shared by the meters of one budget.</param>
    protected Meter(Limit limit, Caution caution)
    {
        Limit = limit;
        Dimension = limit.Dimension;
        Caution = caution;
        LearnedAmount = limit.Amount;
        Refresh();
    }

    /// <summary>The limit as configured.</summary>
    public Limit Limit { get; private set; }

    /// <summary>What is counted.</summary>
    public Dimension Dimension { get; }

    /// <summary>What the provider's management API told of it, in units per window; null where nothing was read.</summary>
    public long? Read { get; private set; }

    /// <summary>When that was read last.</summary>
    public Instant ReadAt { get; private set; }

    /// <summary>What an answer last reported it to be, in units per window; null where none has.</summary>
    public long? Reported { get; private set; }

    /// <summary>When that answer came.</summary>
    public Instant ReportedAt { get; private set; }

    /// <summary>The limit in force, in units per window: what the provider last reported, never above what is configured, less caution.</summary>
    public double Effective { get; private set; }

    /// <summary>The most that could ever be taken at once.</summary>
    public virtual double Capacity => Effective;

    /// <summary>Units that come back per second, or positive infinity where nothing comes back by time.</summary>
    public double PerSecond { get; private set; }

    /// <summary>Seconds of refill that one unit costs; zero where nothing comes back by time.</summary>
    internal double SecondsPerUnit { get; private set; }

    /// <summary>The same, but zero for windows so long that nobody's turn should hang on them.</summary>
    internal double FairSecondsPerUnit { get; private set; }

    /// <summary>
    /// What may be taken before the next checkpoint of the budget's durable state; without bound where nothing is kept durably.
    /// After a crash it counts as taken, so no crash lets out more than the limit.
    /// </summary>
    internal double Allowance { get; set; } = double.PositiveInfinity;

    /// <summary>What has been taken since the last checkpoint was begun.</summary>
    internal double TakenSinceCheckpoint { get; set; }

    /// <summary>The largest amount that only the allowance kept from being taken since the last checkpoint.</summary>
    internal double WaitingForCheckpoint { get; private set; }

    /// <summary>The room that is kept for calls that are yet to come.</summary>
    internal double Held { get; private set; }

    /// <summary>How far to stay from the limit.</summary>
    protected Caution Caution { get; }

    /// <summary>The limit as reported by the provider, never above what is configured; units per window.</summary>
    protected double LearnedAmount { get; private set; }

    /// <summary>What was ever taken here, less what was given back: two readings tell what was used between them, not what others took.</summary>
    public double Total { get; private protected set; }

    /// <summary>Makes the meter that a limit's algorithm calls for.</summary>
    public static Meter Create(Limit limit, Caution caution) => limit.Algorithm switch
    {
        LimitAlgorithm.Bucket => new ContinuousBucket(limit, caution),
        LimitAlgorithm.Sliding => new SlidingWindow(limit, caution),
        LimitAlgorithm.Fixed => new FixedWindow(limit, caution),
        LimitAlgorithm.CalendarDay => new CalendarDay(limit, caution),
        _ => new ConcurrencyMeter(limit, caution),
    };

    /// <summary>
    /// The first instant at which an amount fits if nothing else is taken: <paramref name="now"/> itself where it fits at once,
    /// <see cref="Instant.Unknown"/> where that hangs on an event, <see cref="Instant.Never"/> where it is more than the whole limit.
    /// </summary>
    public Instant FitsAt(double amount, Instant now)
    {
        if (amount <= 0)
        {
            return now;
        }

        now = Advance(now);
        var instant = FindRoomBesideHeld(amount, now);
        if (instant <= now && amount > Allowance)
        {
            WaitingForCheckpoint = Math.Max(WaitingForCheckpoint, amount);
            return Instant.Unknown;
        }

        return instant;
    }

    /// <summary>True where an amount fits, whether or not a checkpoint allows it yet.</summary>
    internal bool HasRoom(double amount, Instant now) => amount <= 0 || FindRoomBesideHeld(amount, Advance(now)) <= now;

    /// <summary>When an amount will go out behind others that go as soon as they fit; <see cref="Instant.Never"/> where it can't.</summary>
    /// <param name="amount">The amount; above 0.</param>
    /// <param name="before">What the others come to, in the same unit.</param>
    /// <param name="ahead">The others.</param>
    internal Instant Foresee(double amount, double before, in Scheduling.QueueAhead ahead, Instant now) =>
        amount > Capacity ? Instant.Never : IsUntold ? Advance(now) : FindTurn(amount, before + Held, ahead, Advance(now));

    /// <summary>Takes an amount, whether or not it fits.</summary>
    public void Take(double amount, Instant now)
    {
        if (amount <= 0)
        {
            return;
        }

        Allowance -= amount;
        TakenSinceCheckpoint += amount;
        Total += amount;
        Add(amount, Advance(now));
    }

    /// <summary>Takes an amount that left at an earlier instant and was not counted till now: from then on where the meter remembers when.</summary>
    internal virtual void TakeLate(double amount, Instant takenAt, Instant now) => Take(amount, now);

    /// <summary>Replaces an amount taken earlier by what it came to.</summary>
    /// <param name="taken">The amount that was taken.</param>
    /// <param name="final">The amount that stands.</param>
    /// <param name="takenAt">When it was taken.</param>
    /// <param name="now">Now: from here on a surplus counts, since nobody knows when it arose.</param>
    public void Settle(double taken, double final, Instant takenAt, Instant now)
    {
        if (final > taken)
        {
            Take(final - taken, now);
        }
        else if (final < taken)
        {
            Total -= taken - final;
            GiveBack(taken - final, takenAt, Advance(now));
        }
    }

    /// <summary>A call is over whose answer reported nothing: earlier reports may not count it.</summary>
    /// <param name="held">What was held for it until now.</param>
    /// <param name="final">What it came to.</param>
    /// <param name="sentAt">When it was sent.</param>
    internal virtual void Miss(double held, double final, Instant sentAt)
    {
    }

    /// <summary>Leaves an amount out of <see cref="Total"/> that was taken for caution alone.</summary>
    internal void Disregard(double amount) => Total -= amount;

    /// <summary>What was taken at one instant left only now, and counts from now on.</summary>
    internal void Move(double amount, Instant takenAt, Instant now)
    {
        if (amount > 0)
        {
            now = Advance(now);
            GiveBack(amount, takenAt, now);
            Add(amount, now);
        }
    }

    /// <summary>Keeps room for a call that is yet to come: what else is taken must fit beside it.</summary>
    internal void Hold(double amount) => Held += amount;

    /// <summary>The room is not kept any more.</summary>
    internal void Release(double amount) => Held = Math.Max(0, Held - amount);

    /// <summary>Reconciles with what the provider reported.</summary>
    /// <param name="reading">The report.</param>
    /// <param name="since">What happened since the request left whose answer it came with.</param>
    public void Observe(in LimitReading reading, in Elapsed since, Instant now)
    {
        now = Advance(now);
        Note(reading, now);
        if (reading.Limit is > 0 and { } limit && Math.Min(limit, Ceiling) is var inForce && inForce != LearnedAmount)
        {
            Learn(inForce, now);
        }

        Reconcile(reading, since, now);
    }

    /// <summary>Keeps what an answer reported the limit to be, to be shown.</summary>
    internal void Note(in LimitReading reading, Instant now) =>
        (Reported, ReportedAt) = reading.Limit is > 0 and { } limit ? (limit, now) : (Reported, ReportedAt);

    /// <summary>
    /// Goes by what the provider's management API told, as far as a person's own limit allows. What is told again changes nothing: answers
    /// may have reported less since.
    /// </summary>
    /// <param name="amount">The amount for a window, at least 1; null for no limit.</param>
    internal void TakeUp(long? amount, Instant now)
    {
        var read = amount ?? Limit.Unbounded;
        ReadAt = now;
        if (read != Read)
        {
            Read = read;
            Learn(Ceiling, Advance(now));
        }
    }

    /// <summary>
    /// The provider's management API tells of it no more: what a person wrote holds again, and less where answers say so. False where nothing had
    /// been told.
    /// </summary>
    internal bool Withdraw(Instant now)
    {
        if (Read is null)
        {
            return false;
        }

        (Read, ReadAt) = (null, Instant.Distant);
        Learn(Math.Min(Reported ?? Limit.Amount, Ceiling), Advance(now));
        return true;
    }

    /// <summary>Counts an amount as gone that others took, or that the provider counts and we did not.</summary>
    public void CountOthers(double amount, Instant now)
    {
        if (amount > 0)
        {
            Add(amount, Advance(now));
        }
    }

    /// <summary>Counts an amount as there that had counted as taken; nothing that was used is less by it.</summary>
    internal void CountLess(double amount, Instant now)
    {
        if (amount > 0)
        {
            now = Advance(now);
            GiveBack(amount, now, now);
        }
    }

    /// <summary>What is taken of the capacity.</summary>
    public double Used(Instant now) => CurrentUse(Advance(now));

    /// <summary>When everything taken will have come back.</summary>
    public abstract Instant WholeAt(Instant now);

    /// <summary>The limit becomes another by a person's word; what was taken stays taken.</summary>
    internal void Reconfigure(long amount, Instant now)
    {
        Limit = Limit with { Amount = amount, IsOpen = false };
        Learn(amount, Advance(now));
    }

    /// <summary>Goes by the limit that another meter goes by.</summary>
    internal void Follow(Limit limit, double amount, Instant now)
    {
        Limit = limit;
        Learn(amount, Advance(now));
    }

    /// <summary>Begins anew with what a person wrote and the provider's management API told; what was taken stays taken.</summary>
    internal void Unlearn(Instant now)
    {
        (Reported, ReportedAt) = (null, Instant.Distant);
        Learn(Math.Min(Read ?? Limit.Amount, Ceiling), Advance(now));
    }

    /// <summary>Called when caution changed: the limit in force is another.</summary>
    internal void Reconsider(Instant now) => Learn(LearnedAmount, Advance(now));

    /// <summary>The state to be kept, everything allowed for counted as taken.</summary>
    internal MeterState Save(double allowance, Instant now)
    {
        TakenSinceCheckpoint = 0;
        WaitingForCheckpoint = 0;
        return Store(allowance, Advance(now)) with
        {
            Amount = Limit.Amount,
            Learned = LearnedAmount,
            Read = Read,
            ReadAtTicks = ReadAt.Ticks,
            Reported = Reported,
            ReportedAtTicks = ReportedAt.Ticks,
        };
    }

    /// <summary>Takes on a state kept by an earlier process.</summary>
    internal void Restore(MeterState state, Instant now)
    {
        now = Advance(now);
        if (state.Amount == Limit.Amount && state.Learned >= 1)
        {
            (Read, ReadAt) = state.Read is >= 1 ? (state.Read, new Instant(state.ReadAtTicks)) : (null, Instant.Distant);
            (Reported, ReportedAt) = state.Reported is >= 1 ? (state.Reported, new Instant(state.ReportedAtTicks)) : (null, Instant.Distant);
            Learn(Math.Min(state.Learned, Ceiling), now);
        }

        Load(state, now);
    }

    /// <summary>How far apart callers must be told to come who need so much each, where room comes bit by bit; zero where it comes all at once.</summary>
    internal virtual TimeSpan Apart(double amount) => TimeSpan.Zero;

    /// <summary>
    /// How long after what fills the meter so much will have room again, where room comes all at once and callers are on their way; null where
    /// it comes bit by bit.
    /// </summary>
    /// <param name="runs">How long a call runs.</param>
    internal virtual TimeSpan? Round(in Scheduling.RunTime runs) => Limit.Window + Scheduling.QueueAhead.Late;

    /// <summary>What will still be taken at a later instant of what is taken now.</summary>
    internal virtual double UsedAt(Instant at, in Scheduling.RunTime runs, Instant now) => CurrentUse(Advance(now));

    /// <summary>Finds the first instant with room for a positive amount.</summary>
    protected abstract Instant FindRoom(double amount, Instant now);

    /// <summary>Finds the first instant with room for a positive amount and, one after another, for what is kept.</summary>
    private protected virtual Instant FindRoomBeside(double held, double amount, Instant now) => FindRoom(held + amount, now);

    /// <summary>
    /// Finds when an amount will go out behind others. As here wherever a window rolls: when the part of it all that is more than whole
    /// windows fits, and so many windows later.
    /// </summary>
    private protected virtual Instant FindTurn(double amount, double before, in Scheduling.QueueAhead ahead, Instant now)
    {
        var rounds = Math.Max(0, Math.Ceiling(((amount + before) / Effective) - 1e-9) - 1);
        return FindRoom(Math.Min(Effective, Math.Max(amount, amount + before - (rounds * Effective))), now) + Times(rounds, Limit.Window + ahead.LostARound);
    }

    /// <summary>The same where windows begin at fixed times.</summary>
    private protected Instant FindTurnOfWindow(double amount, double before, Instant now)
    {
        var rounds = Math.Ceiling(((amount + before - (Effective - CurrentUse(now))) / Effective) - 1e-9);
        return rounds <= 0 ? FindRoom(amount, now) : FindRoom(Effective, now) + Times(rounds - 1, Limit.Window);
    }

    private static TimeSpan Times(double rounds, TimeSpan round) => TimeSpan.FromSeconds(Math.Min(rounds * round.TotalSeconds, FarthestSeconds));

    /// <summary>Adds a positive amount.</summary>
    protected abstract void Add(double amount, Instant now);

    /// <summary>Gives back a positive part of what was taken at an instant, without making room that the true history would not have had.</summary>
    protected abstract void GiveBack(double amount, Instant takenAt, Instant now);

    /// <summary>What is taken now.</summary>
    protected abstract double CurrentUse(Instant now);

    /// <summary>Follows a report of what remains.</summary>
    protected abstract void Reconcile(in LimitReading reading, in Elapsed since, Instant now);

    /// <summary>The state with an allowance added.</summary>
    protected abstract MeterState Store(double allowance, Instant now);

    /// <summary>Takes on a stored state.</summary>
    protected abstract void Load(MeterState state, Instant now);

    /// <summary>The limit in force becomes another.</summary>
    protected virtual void Learn(double amount, Instant now)
    {
        LearnedAmount = amount;
        Refresh();
    }

    // When the held amount and this one never fit together, there is room once what is held has ended, and nobody knows when.
    private Instant FindRoomBesideHeld(double amount, Instant now) =>
        Held <= 0 || amount > Capacity ? FindRoom(amount, now) : amount + Held > Capacity ? Instant.Unknown : FindRoomBeside(Held, amount, now);

    // What is begun with says nothing of how long calls will wait: the first answer tells.
    private bool IsUntold => Limit.IsOpen && Read is null && Reported is null;

    private long Ceiling => Math.Min(Limit.Ceiling, Read ?? Limit.Unbounded);

    private void Refresh()
    {
        Effective = Math.Max(1, LearnedAmount * Caution.Scale);
        PerSecond = Limit.Window > TimeSpan.Zero ? Effective / Limit.Window.TotalSeconds : double.PositiveInfinity;
        SecondsPerUnit = IsUntold ? Limit.Window.TotalSeconds / Limit.Unbounded : 1 / PerSecond;
        FairSecondsPerUnit = Limit.Window <= LongestFairWindow ? SecondsPerUnit : 0;
    }

    private Instant Advance(Instant now) => latest = Instant.Max(latest, now);
}
