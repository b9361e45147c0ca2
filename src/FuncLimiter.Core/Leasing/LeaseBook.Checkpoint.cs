using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Leasing;

/// <content>What outlives the process.</content>
public sealed partial class LeaseBook
{
    /// <summary>The state to be stored.</summary>
    public LeaseBookState Save() => new()
    {
        At = _now,
        LastNumber = _lastNumber,
        CooldownUntil = CooldownUntil,
        SurprisedAt = _surprisedAt,
        Caution = _caution.Save(),
        Accounts = [.. _accounts.Select(account => account.Export())],
        Charging = [.. _learners.Select(learner => learner.SaveBooks(_recounts > 0))],
        Recounts = _recounts,
        ForgottenAt = _forgottenAt,
        Sharing = _sharing,
        Charged = [.. _charged.Values],
        Unjudged = [.. _unjudged],
        Tenures = [.. _tenures.Values.Select(tenure => tenure.Export())],
    };

    /// <summary>Takes up a stored state, into a new book. False, and nothing is taken up, where the state is of other limits.</summary>
    public bool TryRestore(LeaseBookState state)
    {
        var fits = state.Accounts.Select(account => account.Limit).SequenceEqual(_accounts.Select(account => account.Name))
            && state.Tenures.All(tenure => tenure.Lines.Count == _accounts.Length && (tenure.Answer is null || tenure.Answer.Lines.Count == _accounts.Length));
        if (!fits)
        {
            return false;
        }

        if (state.Caution is { } caution)
        {
            _caution.Restore(caution);
        }

        _sharing = state.Sharing;
        _caution.Part = IsShared ? 1.0 / Math.Max(1, _sharing!.Budgets.Count) : 1;
        (_now, _lastNumber, CooldownUntil, _surprisedAt) = (state.At, state.LastNumber, state.CooldownUntil, state.SurprisedAt);
        for (var i = 0; i < _learners.Length && state.Charging.Count == _learners.Length; i++)
        {
            _learners[i].Restore(state.Charging[i]);
        }

        foreach (var told in state.Charged)
        {
            _charged[told.Instance] = told;
        }

        _unjudged.AddRange(state.Unjudged);
        (_recounts, _forgottenAt) = (state.Recounts, state.ForgottenAt);
        foreach (var tenure in state.Tenures)
        {
            _tenures[tenure.Instance] = new(tenure);
        }

        for (var i = 0; i < _accounts.Length; i++)
        {
            _accounts[i].Import(state.Accounts[i], _now);
        }

        if (IsShared)
        {
            Reconsider();
        }

        Reserve();
        return true;
    }

    /// <summary>Keeps, of a state of other limits, what a person said of how the provider charges, as far as the limits still are.</summary>
    internal void KeepPins(LeaseBookState state)
    {
        foreach (var pinned in state.Charging.Select(charging => charging.Learned).Where(learned => learned.IsPinned))
        {
            Array.Find(_learners, learner => learner.Dimension == pinned.Dimension && learner.Limit.Window.Ticks == pinned.WindowTicks)?.Restore(pinned);
        }
    }
}

/// <summary>Everything a book must remember between two operations; plain data, to be stored as an entity's state.</summary>
public sealed record LeaseBookState
{
    /// <summary>The time of the last operation.</summary>
    public Instant At { get; init; }

    /// <summary>The number of the last lease.</summary>
    public long LastNumber { get; init; }

    /// <summary>Until when the scope is closed.</summary>
    public Instant CooldownUntil { get; init; }

    /// <summary>When the book last heard of a refusal that it had not foreseen.</summary>
    public Instant SurprisedAt { get; init; }

    /// <summary>How far the book stays from the limits; null for not at all.</summary>
    public CautionState? Caution { get; init; }

    /// <summary>What is not lent, one entry per limit.</summary>
    public IReadOnlyList<LeaseAccountState> Accounts { get; init; } = [];

    /// <summary>What was learned of how the provider charges each limit of tokens, and what is learned from.</summary>
    public IReadOnlyList<ChargeBooksState> Charging { get; init; } = [];

    /// <summary>From how many asks what calls came to is still counted anew, since the rule was found.</summary>
    public int Recounts { get; init; }

    /// <summary>When a person last had this forget what it had learned; <see cref="Instant.Distant"/> for never.</summary>
    public Instant ForgottenAt { get; init; }

    /// <summary>What is known of a limit that the budget shares with others; null for nothing.</summary>
    public SharingWord? Sharing { get; init; }

    /// <summary>What instances told of their calls' charges, while something is learned from that.</summary>
    public IReadOnlyList<ChargesTold> Charged { get; init; } = [];

    /// <summary>What was reported to remain, and is waiting until all instances have told of their calls until then.</summary>
    public IReadOnlyList<LeaseNews> Unjudged { get; init; } = [];

    /// <summary>The instances that hold leases.</summary>
    public IReadOnlyList<TenureState> Tenures { get; init; } = [];
}

/// <summary>What one instance told of its calls' charges.</summary>
/// <param name="Instance">The instance.</param>
/// <param name="At">When.</param>
/// <param name="Charged">See <see cref="LeaseAsk.Charged"/>.</param>
public sealed record ChargesTold(string Instance, Instant At, IReadOnlyList<double[]> Charged);

/// <summary>What is not lent of one limit.</summary>
public sealed record LeaseAccountState
{
    /// <summary>Which limit: dimension, window and algorithm.</summary>
    public string Limit { get; init; } = "";

    /// <summary>For a bucket: the part that is not lent.</summary>
    public BucketShareState? Bucket { get; init; }

    /// <summary>For a bucket: what is neither lent nor in that part, since calls were charged more than they came to.</summary>
    public double Over { get; init; }

    /// <summary>For a bucket: what was last reported to remain; null where nothing was.</summary>
    public double? Remaining { get; init; }

    /// <summary>When the call of that report left.</summary>
    public Instant RemainingAt { get; init; }

    /// <summary>For a bucket: the limit that the provider last reported, units per window.</summary>
    public double Learned { get; init; }

    /// <summary>For a bucket: the limit that was configured then, to which what was learned belongs; 0 where that was not stored.</summary>
    public long Amount { get; init; }

    /// <summary>For windows: what is used.</summary>
    public MeterState? Meter { get; init; }
}

/// <summary>What a book knows of one instance.</summary>
/// <param name="Instance">The instance.</param>
/// <param name="Sequence">Its last ask.</param>
/// <param name="Held">The number of the lease that it is known to hold; 0 for none.</param>
/// <param name="Answer">What it was answered.</param>
/// <param name="Demands">What it wants.</param>
/// <param name="Lines">What it has of each limit.</param>
public sealed record TenureState(
    string Instance, long Sequence, long Held, Lease? Answer, IReadOnlyList<LeaseDemand> Demands, IReadOnlyList<TenureLine> Lines)
{
    /// <summary>How many calls it let out per second of late, at least.</summary>
    public double CallsPerSecond { get; init; }
}

/// <summary>What an instance has of one limit, as far as the book knows.</summary>
/// <param name="Rate">The refill of the lease it holds.</param>
/// <param name="Capacity">The capacity of the lease it holds; for windows what it has.</param>
/// <param name="UsedTotal">What it had told used.</param>
/// <param name="ReturnedTotal">What it had given back.</param>
/// <param name="Level">What it could use when it asked.</param>
/// <param name="Need">The largest single charge that waits there.</param>
/// <param name="Turn">How much it was lent in turns, by its share; the lowest goes next.</param>
/// <param name="IsShort">Whether it was lent less than its share, for others hold it.</param>
public sealed record TenureLine(
    double Rate, double Capacity, double UsedTotal, double ReturnedTotal, double Level, double Need, double Turn, bool IsShort);
