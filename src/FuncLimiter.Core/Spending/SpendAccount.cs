using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Spending;

/// <summary>One budget of one subject for one period: what is spent of it, and what calls under way hold.</summary>
public sealed class SpendAccount
{
    internal SpendAccount(string name, SpendCap cap, Instant startsAt, Instant endsAt, string? instance = null)
    {
        (Name, Cap, StartsAt, EndsAt, LastAt) = (name, cap, startsAt, endsAt, startsAt);
        Lease = instance is null || cap.IsSoft ? null : new SpendLease(this, instance);
    }

    /// <summary>What its owner granted this instance; null where the budget is this process's own.</summary>
    public SpendLease? Lease { get; }

    /// <summary>Its name, for example <c>run:acme/nightly-17</c> or <c>month:tenant:acme</c>.</summary>
    public string Name { get; }

    /// <summary>What it goes by.</summary>
    public SpendCap Cap { get; private set; }

    /// <summary>When its period began; of a run, its first call.</summary>
    public Instant StartsAt { get; private set; }

    /// <summary>When its period ends; <see cref="Instant.Never"/> of a run.</summary>
    public Instant EndsAt { get; }

    /// <summary>When it was last used.</summary>
    public Instant LastAt { get; private set; }

    /// <summary>What calls that are over used.</summary>
    public SpendAmount Spent { get; private set; }

    /// <summary>What calls under way hold.</summary>
    public SpendAmount Held { get; private set; }

    /// <summary>What of that is held for calls that are answered hours later.</summary>
    internal SpendAmount Deposited { get; private set; }

    /// <summary>What people gave on top of the limit.</summary>
    public SpendAmount Raised { get; private set; }

    /// <summary>What people gave a run on top of its time.</summary>
    public TimeSpan RaisedTime { get; private set; }

    /// <summary>Whether its closing call is under way or over: what was kept for that is gone.</summary>
    public bool IsClosing { get; private set; }

    /// <summary>Rises with every change.</summary>
    public long Version { get; private set; }

    /// <summary>All that may be spent.</summary>
    public SpendAmount Limit => Cap.Limit + Raised;

    /// <summary>What is left for calls that don't close the run; never negative.</summary>
    public SpendAmount Left => SpendAmount.Max(Ordinary - (Lease?.OthersTook ?? SpendAmount.None) - Spent - Held, SpendAmount.None);

    /// <summary>Whether calls are under way.</summary>
    internal bool IsInUse => Held != SpendAmount.None;

    // Of a small number of calls, one at least is kept.
    internal SpendAmount Ordinary => Cap.KeptForClosing <= 0 || IsClosing ? Limit : SpendAmount.Max(Limit.Times(1 - Cap.KeptForClosing), SpendAmount.None);

    /// <summary>How long the run may go on; null without end.</summary>
    public TimeSpan? TimeLeft(Instant now, bool isClosing = false) => Cap.Longest is not { } longest ? null
        : isClosing || IsClosing ? longest + RaisedTime - (now - StartsAt)
        : ((longest + RaisedTime) * (1 - Cap.KeptForClosing)) - (now - StartsAt);

    /// <summary>Whether a call fits now, or could once calls under way turn out cheaper.</summary>
    internal SpendFit Try(in SpendAmount amount, bool isClosing, Instant now)
    {
        if (Cap.IsSoft)
        {
            return SpendFit.Fits;
        }

        if (TimeLeft(now, isClosing) is { } left && left <= TimeSpan.Zero)
        {
            return SpendFit.OutOfTime;
        }

        if (Lease is not null)
        {
            return Lease.Try(amount, isClosing && Cap.KeptForClosing > 0, now);
        }

        if (isClosing && Cap.KeptForClosing > 0 && !IsClosing)
        {
            // What is left is for this call, whatever that comes to.
            return (Spent + Held).IsBelow(Limit) ? SpendFit.Fits : (Spent + Deposited).IsBelow(Limit) ? SpendFit.FitsLater : SpendFit.Spent;
        }

        return (Spent + Held + amount).FitsIn(Ordinary) ? SpendFit.Fits
            : (Spent + Deposited + amount).FitsIn(Ordinary) ? SpendFit.FitsLater
            : SpendFit.Spent;
    }

    /// <summary>What a call exceeds.</summary>
    internal Dimension Binds(in SpendAmount amount) => (Spent + Held + amount).Exceeds(Ordinary);

    internal bool Hold(in SpendAmount amount, bool isClosing, Instant now, bool isDeposit)
    {
        var closes = isClosing && Cap.KeptForClosing > 0 && (Lease is null ? !IsClosing : Lease.TakeClosing());
        IsClosing |= closes;
        Held += amount;
        Deposited += isDeposit ? amount : SpendAmount.None;
        Touch(now);
        return closes;
    }

    /// <summary>Holds anew what was stored as spent.</summary>
    internal void Redeposit(in SpendAmount amount)
    {
        Spent = SpendAmount.Max(Spent - amount, SpendAmount.None);
        (Held, Deposited) = (Held + amount, Deposited + amount);
    }

    internal void Settle(in SpendAmount held, in SpendAmount used, bool closes, Instant now, bool isDeposit)
    {
        Held = SpendAmount.Max(Held - held, SpendAmount.None);
        Deposited = isDeposit ? SpendAmount.Max(Deposited - held, SpendAmount.None) : Deposited;
        Spent += used;
        if (closes && used == SpendAmount.None)
        {
            // A closing call that came to nothing may be made again.
            IsClosing = false;
            Lease?.Reopen();
        }

        Touch(now);
    }

    internal void Raise(in SpendAmount by, TimeSpan time, Instant now)
    {
        Raised += by;
        RaisedTime += time;
        Touch(now);
    }

    /// <summary>A call could be made here that may come to an amount: its owner is asked for it.</summary>
    public void Expect(in SpendAmount amount) => Lease?.Expect(amount);

    internal void Follow(SpendCap cap) => Cap = cap;

    /// <summary>Takes up what its owner says of the whole.</summary>
    internal void Follow(SpendOwnerState state)
    {
        StartsAt = new Instant(state.StartTicks);
        (Raised, RaisedTime, IsClosing) = (state.Raised, new TimeSpan(state.RaisedTicks), state.IsClosing);
    }

    /// <summary>What is to be stored: what calls under way hold counts as spent, for they may have been answered.</summary>
    public SpendState Save() => new(Name, StartsAt.Ticks, EndsAt.Ticks, LastAt.Ticks, Spent + Held, Raised, RaisedTime.Ticks, IsClosing, Version);

    internal void Load(SpendState state)
    {
        (Spent, Raised, RaisedTime, IsClosing) = (state.Spent, state.Raised, new TimeSpan(state.RaisedTicks), state.IsClosing);
        (LastAt, Version) = (new Instant(state.LastTicks), state.Version);
    }

    private void Touch(Instant now)
    {
        LastAt = now;
        Version++;
    }
}

/// <summary>Whether a call fits a budget.</summary>
internal enum SpendFit
{
    /// <summary>It fits now.</summary>
    Fits,

    /// <summary>It fits once calls under way use less than they hold.</summary>
    FitsLater,

    /// <summary>It does not fit what is left.</summary>
    Spent,

    /// <summary>The run's time is over.</summary>
    OutOfTime,
}

/// <summary>What is stored of a budget.</summary>
/// <param name="Name">Its name.</param>
/// <param name="StartTicks">When its period began, as an <see cref="Instant"/>'s ticks.</param>
/// <param name="EndTicks">When it ends.</param>
/// <param name="LastTicks">When it was last used.</param>
/// <param name="Spent">What is spent, with what calls under way hold.</param>
/// <param name="Raised">What was given on top.</param>
/// <param name="RaisedTicks">What was given on top of a run's time.</param>
/// <param name="IsClosing">Whether the closing call was made.</param>
/// <param name="Version">Rises with every change.</param>
public sealed record SpendState(
    string Name, long StartTicks, long EndTicks, long LastTicks, SpendAmount Spent, SpendAmount Raised, long RaisedTicks, bool IsClosing, long Version);
