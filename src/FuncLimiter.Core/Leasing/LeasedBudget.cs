using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Leasing;

/// <summary>What an instance has of a budget that somebody else owns, what it wants of it, and what it has to tell of it.</summary>
/// <param name="name">The budget's name.</param>
/// <param name="limits">Its limits.</param>
/// <param name="terms">How it is leased.</param>
/// <param name="isOnDemand">
/// Whether it is asked for only as a call waits for it, and once more before a lease ends: there are many, seldom in use.
/// </param>
internal sealed class LeasedBudget(string name, IReadOnlyList<Limit> limits, LeaseTerms terms, bool isOnDemand = false)
{
    private const double LeastShare = 0.001;
    private const double MostlyUsed = 0.9;
    private const int MostSuccesses = 6;
    private static readonly TimeSpan BeforeEnd = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Apart = TimeSpan.FromSeconds(0.25);
    private static readonly TimeSpan FarApart = TimeSpan.FromSeconds(1);
    private readonly LeasePolicy policy = terms.Policy;
    private readonly List<LeaseNews> news = [];
    private readonly Limit[] limits = [.. limits];
    private readonly ToldUse[] toldUse = [.. limits.Select(limit => new ToldUse(limit))];
    private IReadOnlyList<LeaseDemand> asked = [];
    private IReadOnlyList<LeaseNews> told = [];
    private Instant expectedAt = Instant.Distant;
    private bool? wantsCharges;
    private SharingWord? ownersSharing;
    private Instant? aloneSince;
    private Instant? closedUntil;
    private Instant? toldClosed;
    private long learnedAfter;

    public string Name { get; } = name;

    public bool IsOnDemand => isOnDemand;

    public LeaseHold Hold { get; } = new(terms.Instance, limits, terms.Policy);

    public DemandLedger Demand { get; } = new();

    /// <summary>What the owner has learned of how the provider charges, and what was charged here.</summary>
    public IReadOnlyList<ChargeLearner> Learners { get; init; } = [];

    /// <summary>The share in use of each limit when the owner last told, 0 to 1.</summary>
    public IReadOnlyList<double> Use { get; private set; } = new double[limits.Count];

    /// <summary>How far the owner stays from the limits, as answers taught; null where none have.</summary>
    public CautionReport? Learned { get; private set; }

    /// <summary>Whether no other instance held a lease when the owner last told; null before.</summary>
    public bool? IsAlone { get; private set; }

    /// <summary>What is known of a limit that it shares with other budgets; null for nothing.</summary>
    public SharingWord? Sharing { get; private set; }

    /// <summary>The part of the budget's refill that this instance can count on; 1 while nothing is known.</summary>
    public double Share { get; private set; } = 1;

    /// <summary>
    /// What the owner let through of each demand, 0 to 1, and what that demand was, in seconds of the whole budget's refill per second.
    /// </summary>
    public IReadOnlyList<(LeaseShare Share, double Cost)> Parts { get; private set; } = [];

    /// <summary>Until when the scope is closed: as the owner said, or as was heard here and the owner has not been told yet.</summary>
    public Instant ClosedUntil => Instant.Max(Hold.NotBefore, closedUntil ?? Instant.Distant);

    /// <summary>Whether the owner may have more to lend: it has not been heard yet, or said that there is room.</summary>
    public bool MayBeLent => Hold.ExpiresAt == Instant.Distant || Use.All(use => use < MostlyUsed);

    /// <summary>Whether calls wait for it or something of it is held.</summary>
    public bool IsInUse(Instant now) => Demand.HasWaiting || Hold.ExpiresAt > now;

    /// <summary>Whether calls wait, and the owner was told last that none come: it lent accordingly.</summary>
    private bool WaitsUntold => Demand.HasWaiting && asked.Count == 0 && limits.Length > 0;

    private bool HasNews => news.Count > 0 || closedUntil is not null || HasWord;

    private bool HasWord => IsAlone is not null && Sharing is not null && (ownersSharing is null || Sharing.At > ownersSharing.At);

    /// <summary>
    /// Whether something is held before anyone asks for it, as an instance that begins may: not of windows, since what is lent of one and not
    /// told of again counts as used until the window ends.
    /// </summary>
    public bool MayBeExpected => !isOnDemand && limits.All(limit => limit.Algorithm == LimitAlgorithm.Bucket);

    /// <summary>Whether its share is held, and not the advance alone that a first lease is.</summary>
    public bool IsReady(Instant now) => Hold.ExpiresAt > now && (limits.Length == 0 || Hold.IsContinued);

    /// <summary>When the owner should be asked; <see cref="Instant.Unknown"/> where nothing is wanted and nothing held.</summary>
    public Instant AskAt(Instant now) =>
        isOnDemand && !Demand.HasWaiting && !HasNews
            ? Hold.ExpiresAt == Instant.Distant ? Instant.Unknown : Hold.ExpiresAt - policy.AnswerWithin - BeforeEnd
            : IsWanted(now) || HasNews ? WaitsUntold ? Hold.SoonestAskAt : Hold.AskAt : Hold.ExpiresAt == Instant.Distant ? Instant.Unknown : now;

    /// <summary>
    /// Keeps what a response said for the owner: of successes the latest, and some apart from each other while the owner learns from them; of
    /// failures the last few. Refusals don't wait for the next ask.
    /// </summary>
    public void Hear(Observation observation, Instant sentAt, Instant now)
    {
        var charged = Charged();
        var heard = new LeaseNews(observation, Hold.ByBook(sentAt)) { HeardAt = Hold.ByBook(now), Late = Hold.LateBy, Charged = charged };
        if (observation.Kind == OutcomeKind.Success && charged.Length > 0)
        {
            Thin(heard);
        }
        else if (observation.Kind != OutcomeKind.RateLimited)
        {
            news.RemoveAll(old => old.Observation.Kind == observation.Kind);
        }
        else
        {
            Hold.Hurry();
        }

        if (news.Count == LeaseAsk.MostNews)
        {
            news.RemoveAt(0);
        }

        news.Add(heard);
    }

    // Makes room for one more success, so that those that are kept are spread over the time since the last ask.
    private void Thin(LeaseNews next)
    {
        var successes = news.Where(old => old.Observation.Kind == OutcomeKind.Success).ToList();
        if (successes.Count > 1 && successes[^1].HeardAt - successes[^2].HeardAt < (Learners.All(learner => learner.TellsAtOnce) ? Apart : FarApart))
        {
            news.Remove(successes[^1]);
        }
        else if (successes.Count == MostSuccesses)
        {
            news.Remove(successes.Zip([.. successes.Skip(1), next]).MinBy(pair => pair.Second.HeardAt - pair.First.HeardAt).First);
        }
    }

    private double[][] Charged() => Learners.Count == 0 || !(wantsCharges ?? !Learners.All(learner => learner.IsSettled)) ? [] : [.. Learners.Select(learner => learner.Totals!.ToArray())];

    /// <summary>Calls may come soon: for as long as a lease holds, it is wanted though none has come.</summary>
    public void Expect(Instant now) => expectedAt = now;

    /// <summary>The scope was closed here until an instant, or opened by a person where that has passed; the owner is told soon.</summary>
    public void Close(Instant until)
    {
        closedUntil = until;
        Hold.Hurry();
    }

    /// <summary>It shares a limit with others, or does not, as answers or another owner told; the owner is told soon.</summary>
    public void Tell(SharingWord word)
    {
        if (SharingWord.Newer(Sharing, word) == word && word != Sharing)
        {
            Sharing = word;
            Hold.Hurry();
        }
    }

    /// <summary>What was learned was read from the owner's state: its answer to an ask that was made before may be older.</summary>
    public void ReadLearned() => learnedAfter = Hold.LastAsk;

    /// <summary>Whether an answer tells what was learned no earlier than it was last read.</summary>
    public bool TellsLearned(Lease lease) => lease.Answers > learnedAfter;

    /// <summary>Asks for what is wanted; where nothing is any more, gives back.</summary>
    public BudgetAsk Ask(Instant now)
    {
        if (!IsWanted(now) && !HasNews)
        {
            return Leave(now);
        }

        var need = Demand.Need;
        asked = Demand.Take(limits, policy.RefreshEvery / 4, limits.Length == 0 ? 0 : policy.MaxDemands, now);
        return Tell(Hold.Ask(asked, need, now), now);
    }

    /// <summary>Gives everything back.</summary>
    public BudgetAsk Leave(Instant now)
    {
        asked = [];
        return Tell(Hold.Leave(now), now);
    }

    /// <summary>One of its limits has another amount: the owner, which has to know, is asked soon.</summary>
    public void Reconfigure(Limit limit, Instant now)
    {
        var place = Array.FindIndex(limits, known => known.Dimension == limit.Dimension && known.Window == limit.Window);
        limits[place] = limit;
        toldUse[place].Reconfigure(limit.Amount, now);
        Hold.Reconfigure(place, limit);
        Hold.Hurry();
    }

    /// <summary>Takes up an answer; what was told with its ask is told for good. False where it lends nothing.</summary>
    public bool Apply(Lease lease, Instant now)
    {
        if (!Hold.IsAnswered(lease))
        {
            return false;
        }

        news.RemoveAll(told.Contains);
        if (closedUntil == toldClosed)
        {
            closedUntil = null;
        }

        if (!Hold.Apply(lease, now))
        {
            return false;
        }

        (wantsCharges, Learned, IsAlone, ownersSharing) = (lease.WantsCharges, lease.Learned, lease.IsAlone, lease.Sharing);
        Sharing = SharingWord.Newer(lease.Sharing, Sharing);
        Use = lease.Use.Count == limits.Length ? lease.Use : Use;
        aloneSince = lease.IsAlone is true ? aloneSince ?? now : null;
        for (var i = 0; i < lease.Use.Count && i < toldUse.Length; i++)
        {
            toldUse[i].Hear(lease.Use[i], aloneSince, now);
        }

        Parts = asked.Count == lease.Shares.Count ? [.. lease.Shares.Zip(asked, (share, demand) => (share, CostOf(demand)))] : [];
        Share = Math.Clamp(limits.Select((limit, i) => Math.Max(ShareOf(limit, lease.Lines[i]), PartOf(limit, lease, i))).DefaultIfEmpty(1).Min(), LeastShare, 1);
        return true;
    }

    /// <summary>What other instances used of a window when the owner last told, as far as it is not over; in units.</summary>
    internal double UsedByOthers(int limit, Instant now) => toldUse[limit].Others(now);

    /// <summary>A response told when a window ends.</summary>
    internal void HearEnd(int limit, in LimitReading reading, Instant sentAt, Instant now) => toldUse[limit].HearEnd(reading, sentAt, now);

    private BudgetAsk Tell(LeaseAsk ask, Instant now)
    {
        for (var i = 0; i < toldUse.Length; i++)
        {
            toldUse[i].Tell(ask.Lines[i], now);
        }

        // A closing that is over needs no telling; zero says that a person opened the scope.
        var isOver = closedUntil is { } until && until <= now && until != Instant.Distant;
        (told, toldClosed) = ([.. news], isOver ? null : closedUntil);
        closedUntil = toldClosed;
        TimeSpan? closedFor = closedUntil is { } end ? TimeSpan.FromTicks(Math.Max(0, (end - now).Ticks)) : null;
        return new(Name, ask with
        {
            News = told,
            ClosedFor = closedFor,
            Charged = Charged(),
            Sharing = HasWord ? Sharing : null,
        });
    }

    private bool IsWanted(Instant now) => now - expectedAt < policy.Duration || now - Demand.LastAt < policy.Duration * (isOnDemand ? 0.5 : 2) || Demand.HasWaiting;

    private double ShareOf(Limit limit, LeaseLine line) =>
        limit.Window <= TimeSpan.Zero ? 1
        : Parts.Count == 0 ? line.Rate > 0 ? line.Rate / limit.PerSecond : 1
        : Math.Max(line.Rate / limit.PerSecond, Parts.Sum(part => part.Share.Part * part.Cost));

    // A window that is full at this moment lends nothing, and will lend its part again.
    private static double PartOf(Limit limit, Lease lease, int line) =>
        limit.Algorithm == LimitAlgorithm.Bucket || line >= lease.LimitParts.Count ? 0 : lease.LimitParts[line];

    private double CostOf(LeaseDemand demand) =>
        limits.Where(limit => limit.Window > TimeSpan.Zero)
            .Select(limit => demand.PerSecond[limit.Dimension] / limit.PerSecond)
            .DefaultIfEmpty(0)
            .Max();
}

/// <summary>What the owner knows of an instance's use of one window: as it was told, which is later than it was. The rest that it tells of is others'.</summary>
internal sealed class ToldUse(Limit limit)
{
    private readonly Meter? _told = limit.Algorithm is LimitAlgorithm.Bucket or LimitAlgorithm.Concurrency ? null : Meter.Create(limit, Caution.None());
    private double _total;
    private double _others;
    private Instant _until = Instant.Unknown;

    internal void Reconfigure(long amount, Instant now) => _told?.Reconfigure(amount, now);

    internal void Tell(LeaseReport report, Instant now)
    {
        foreach (var mark in report.Marks.Where(mark => mark.UsedTotal > _total))
        {
            _told?.TakeLate(mark.UsedTotal - _total, now - mark.Ago, now);
            _total = mark.UsedTotal;
        }

        _told?.Take(report.UsedTotal - _total, now);
        _total = report.UsedTotal;
        foreach (var refund in report.Refunds)
        {
            _told?.Settle(refund.Amount, 0, refund.TakenAt, now);
        }
    }

    internal void Hear(double use, Instant? aloneSince, Instant now)
    {
        if (_told is null)
        {
            return;
        }

        // Where nobody else had any of it for a window, what the owner counts more is this instance's own, by another clock.
        _others = now - aloneSince >= limit.Window ? 0 : Math.Max(0, (use * _told.Capacity) - _told.Used(now));
        _until = limit.Algorithm == LimitAlgorithm.Sliding || _told.Used(now) <= 0 ? Instant.Unknown : _told.WholeAt(now);
    }

    internal void HearEnd(in LimitReading reading, Instant sentAt, Instant now) =>
        _told?.Observe(reading with { Remaining = null, Limit = null }, new(sentAt), now);

    internal double Others(Instant now) => now < _until ? _others : 0;
}
