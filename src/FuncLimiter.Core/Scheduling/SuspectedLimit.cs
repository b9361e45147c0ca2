using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Scheduling;

/// <summary>
/// A limit that a provider may enforce over several budgets at once though no person wrote so: of one organization, or of one region's quota.
/// It counts what they take from the start on, and holds nothing back until answers say that it is there.
/// </summary>
/// <remarks>
/// Two explanations are compared. Each budget's own books, with whatever factor and offset fits them best, stand against one book of all their
/// calls. What a provider reports to remain at one key falls by what another key takes only where they share the limit. Where nothing is
/// reported, refusals tell: they come while the common book has no room by one of the rules, and by none of them the budgets' own.
/// Keys that are used alike can't be told apart so: then what looks like a shared limit also looks like double charges. For a few seconds one
/// of them is held back while another can serve, which costs nothing in the end, since what it does not take now it takes later.
/// </remarks>
internal sealed partial class SuspectedLimit
{
    private const double Explained = 0.015;
    private const double Better = 2.5;
    private const double Clear = 0.004;
    private const int VotesToFind = 4;
    private const int VotesToDismiss = 12;
    private const int ProbesToFind = 2;
    private const int AnswersOfProbe = 30;
    private const int OvertakingsOfProbe = 8;
    private const int MostProbes = 12;
    private const int Rarely = 16;
    private const double Doubtful = 0.04;
    private const double Undocumented = 0.02;
    private const double Lost = 0.1;
    private const double MoreAnswers = 1.5;
    private const double LeftOver = 0.25;
    private const int LeftOversToDismiss = 16;
    private static readonly TimeSpan Dismissal = TimeSpan.FromHours(1);
    private readonly Limit[] limits;
    private readonly ChargeLearner[] common;
    private readonly ChargeLearner[][] own;
    private readonly long[] judged;
    private readonly long[][] ownJudged;
    private readonly ProbeTurns turns;
    private readonly bool isLeased;
    private bool? isAlone;
    private Instant dismissedUntil = Instant.Distant;
    private Instant probedUntil = Instant.Distant;
    private Instant lookedIntoSince = Instant.Distant;
    private Instant turnedAt = Instant.Distant;
    private TimeSpan shortestProbe = OvertakingsOfProbe * Overtaking.Usual.Shortest;
    private int probed = -1;
    private int heard;
    private int probes;
    private int votes;
    private long answers;
    private int leftOvers;

    /// <summary>A suspicion that several budgets share their limits.</summary>
    /// <param name="id">What it is called, for example <c>found/openai-east/gpt-x+openai-west/gpt-x</c>.</param>
    /// <param name="budgets">The budgets, whose limits count the same by the same algorithms.</param>
    /// <param name="turns">Who of all that share their keys may hold one back.</param>
    /// <param name="isLeased">Whether the budgets have owners, which then keep to what is found.</param>
    public SuspectedLimit(string id, IReadOnlyList<Budget> budgets, ProbeTurns turns, bool isLeased = false)
    {
        (Budgets, this.turns, this.isLeased) = (budgets, turns, isLeased);
        Members = [.. budgets.Select(budget => budget.Name)];
        Limit[] all = [.. budgets[0].Meters.Select((meter, i) => meter.Limit with { Amount = budgets.Max(budget => budget.Meters[i].Limit.Amount) })];
        all = [.. all.Where(limit => limit.Algorithm != LimitAlgorithm.Concurrency)];
        Budget = new($"shared:{id}", all, Caution.Unheard()) { IsSuspected = true };
        limits = [.. all.Where(limit => !limit.IsSlice).GroupBy(limit => limit.Dimension).Select(same => same.MinBy(limit => limit.Window)!)];
        common = [.. limits.Select(limit => new ChargeLearner(limit, rarely: Rarely))];
        own = [.. budgets.Select(_ => limits.Select(limit => new ChargeLearner(limit, rarely: Rarely)).ToArray())];
        (judged, ownJudged, hasRefused) = (new long[limits.Length], [.. budgets.Select(_ => new long[limits.Length])], new bool[budgets.Count]);
        (possible, possibleApart) = (new ulong[limits.Length], new ulong[limits.Length]);
        ForgetRefusals();
    }

    /// <summary>What the budgets are suspected to share.</summary>
    public Budget Budget { get; }

    /// <summary>The budgets that are suspected to share it.</summary>
    public IReadOnlyList<Budget> Budgets { get; }

    /// <summary>Their names.</summary>
    public IReadOnlyList<string> Members { get; }

    /// <summary>True once answers have told that it is there.</summary>
    public bool IsFound => Budget.Found is not null;

    /// <summary>True where nothing that was judged of late speaks against it.</summary>
    public bool IsPlausible { get; private set; }

    /// <summary>A call leaves.</summary>
    /// <param name="member">The place of its budget among those suspected.</param>
    /// <param name="call">The call.</param>
    /// <param name="now">Now.</param>
    public void Begin(int member, in ChargedCall call, Instant now)
    {
        for (var i = 0; i < limits.Length && IsWatched(now); i++)
        {
            common[i].Begin(call, now);
            own[member][i].Begin(call, now);
        }
    }

    /// <summary>A call is over.</summary>
    public void End(int member, in ChargedCall call, in Charge documented, in TokenUsage? usage, Instant takenAt, Instant now)
    {
        for (var i = 0; i < limits.Length && IsWatched(now); i++)
        {
            common[i].End(call, documented, usage, takenAt, now);
            own[member][i].End(call, documented, usage, takenAt, now);
        }
    }

    /// <summary>An answer came. True where it changes whether the limit is known to be shared.</summary>
    /// <param name="member">The place of its budget among those suspected.</param>
    /// <param name="observation">What it said.</param>
    /// <param name="readings">What it said of the budget's own limits.</param>
    /// <param name="sent">Its call.</param>
    /// <param name="sentAt">When that left.</param>
    /// <param name="isForeseen">Whether the budget was closed then.</param>
    /// <param name="now">Now.</param>
    public bool Observe(
        int member, Observation observation, IReadOnlyList<LimitReading> readings, in SentCall sent, Instant sentAt, bool isForeseen, Instant now)
    {
        if (!IsWatched(now) || !sent.Call.IsTrusted)
        {
            return false;
        }

        var isKnownOtherwise = turns.Found is { } found && found != this;
        answers++;
        heard += sentAt < turnedAt || (member == probed && now < probedUntil) ? 0 : 1;
        if (heard >= AnswersOfProbe && now < probedUntil && now - turnedAt >= shortestProbe)
        {
            (probedUntil, turnedAt, heard) = (now, now, 0);
        }

        var isSilent = true;
        for (var i = 0; i < limits.Length; i++)
        {
            foreach (var reading in observation.Kind == OutcomeKind.Success ? readings : [])
            {
                if (reading.Concerns(limits[i]) && reading.Remaining is { } remaining)
                {
                    isSilent = false;
                    var overtaken = (own[member][i].Overtaken, common[i].Overtaken);
                    var most = reading.Limit ?? limits[i].Amount;
                    var perSecond = most / limits[i].Window.TotalSeconds;
                    leftOvers = limits[i].Algorithm is LimitAlgorithm.Fixed || !common[i].IsLearned || remaining <= (most * (1 + LeftOver)) - common[i].Used(perSecond, now) ? 0 : leftOvers + 1;
                    own[member][i].Hear(remaining, most, perSecond, sent, sentAt, now);
                    common[i].Hear(remaining, most, perSecond, sent, sentAt, now);
                    if (overtaken != (own[member][i].Overtaken, common[i].Overtaken))
                    {
                        AgreeOnOvertaking(i);
                    }
                }
            }
        }

        if (!isSilent)
        {
            return (!isKnownOtherwise && Judge(now)) || (isLeased && IsFound && leftOvers >= LeftOversToDismiss);
        }

        var isOfUse = !IsFound && !isKnownOtherwise && common.All(learner => learner.Answers == 0);
        if (isOfUse && observation.Kind == OutcomeKind.Success)
        {
            Admitted(now);
        }

        return isOfUse && observation.Kind == OutcomeKind.RateLimited && !isForeseen && Refused(member, observation, sent, now);
    }

    /// <summary>Until when a budget is held back where another can serve, to see which of them its calls count against.</summary>
    public Instant HeldBackUntil(int member) => member == probed ? probedUntil : Instant.Distant;

    /// <summary>
    /// Of leased budgets: whether no other instance takes from them. What others take is not known here, so nothing is looked for beside them, nor
    /// before the window is over in which they did.
    /// </summary>
    public void Watch(bool alone, Instant now)
    {
        if (alone == isAlone)
        {
            return;
        }

        if (isAlone is not null || !alone)
        {
            dismissedUntil = alone ? now + limits.Max(limit => limit.Window) : Instant.Never;
            (votes, probes, probedUntil, lookedIntoSince, Budget.IsSuspected) = (0, 0, Instant.Distant, Instant.Distant, true);
            ForgetRefusals();
        }

        isAlone = alone;
    }

    /// <summary>Takes it for shared, or for not shared.</summary>
    public void Set(FoundLimit? found)
    {
        (Budget.Found, Budget.IsSuspected) = (found, found is null || isLeased);
        (votes, probes, leftOvers) = (0, 0, 0);
        ForgetRefusals();
        foreach (var budget in found is null ? [] : Budgets)
        {
            budget.ForgetGuesses();
        }

        turns.Found = found is not null ? this : turns.Found == this ? null : turns.Found;
    }

    /// <summary>How its provider likely charges it, by what is reported of it.</summary>
    public IReadOnlyList<ChargeState> Charging => [.. common.Select(learner => learner.SaveLikeliest())];

    /// <summary>The same, where many more answers say otherwise than was known; null where none do.</summary>
    public IReadOnlyList<ChargeState>? ChargingBeyond(IReadOnlyList<ChargeState> known) =>
        isAlone is true && Charging.Any(state => state.Since != Instant.Distant && known.All(old => old.Dimension != state.Dimension
            || (state.Answers >= old.Answers * MoreAnswers && (old.Rule, old.Factor, old.Offset) != (state.Rule, state.Factor, state.Offset))))
            ? Charging
            : null;

    /// <summary>What is known of it from here on.</summary>
    public FoundLimit Find(Instant now) => new(Members, now, answers);

    /// <summary>The budgets have other amounts by a person's word, or by what the provider's management API told.</summary>
    public void Follow(Instant now)
    {
        foreach (var meter in Budget.Counted)
        {
            var theirs = Budgets.SelectMany(budget => budget.Meters).Where(other => other.Dimension == meter.Dimension && other.Limit.Window == meter.Limit.Window).ToArray();
            if (theirs.Max(other => other.Limit.Amount) is var amount && amount != meter.Limit.Amount)
            {
                meter.Reconfigure(amount, now);
            }

            if (theirs.All(other => other.Read is not null))
            {
                meter.TakeUp(theirs.Max(other => other.Read), now);
            }

            if (PlaceOf(meter) is >= 0 and var place)
            {
                limits[place] = meter.Limit;
            }
        }
    }

    private bool IsWatched(Instant now)
    {
        if (dismissedUntil == Instant.Distant)
        {
            return true;
        }

        if (dismissedUntil > now)
        {
            return false;
        }

        dismissedUntil = Instant.Distant;
        foreach (var learner in own.SelectMany(each => each).Concat(common))
        {
            learner.Forget();
        }

        return true;
    }

    // Calls seem to overtake one another wherever a book is wrong; the books that are right show how far they do.
    private void AgreeOnOvertaking(int place)
    {
        var apart = own.Aggregate(Overtaking.Usual, (longest, each) => Overtaking.Longer(longest, each[place].Overtaken));
        var overtaking = Overtaking.Shorter(apart, common[place].Overtaken);
        shortestProbe = OvertakingsOfProbe * overtaking.Shortest;
        Array.ForEach([common, .. own], each => each[place].Assume(overtaking));
    }

    // Each new judgement of the common book is a vote, where the own ones have been judged as well. One own book that reports of late refute is
    // enough: while another key is held back, the one that serves takes everything, and its own book is right as well.
    private bool Judge(Instant now)
    {
        for (var i = 0; i < limits.Length; i++)
        {
            if (common[i].Judgements == judged[i])
            {
                continue;
            }

            judged[i] = common[i].Judgements;
            var together = MisfitOf(common[i]);
            var (worst, worstOfLate) = (0.0, 0.0);
            for (var member = 0; member < own.Length; member++)
            {
                var apart = MisfitOf(own[member][i]);
                worst = Math.Max(worst, apart);
                worstOfLate = own[member][i].Judgements == ownJudged[member][i] || !double.IsFinite(apart) ? worstOfLate : Math.Max(worstOfLate, apart);
                ownJudged[member][i] = own[member][i].Judgements;
            }

            var areShared = together <= Explained && double.IsFinite(worst) && worstOfLate > (together * Better) + Clear;
            var areApart = worst <= Explained && together > (worst * Better) + Clear;
            IsPlausible = together <= Explained && !areApart;
            votes = areShared && probes >= ProbesToFind ? Math.Max(0, votes) + 1
                : areApart || (IsFound && together > Lost) ? Math.Min(0, votes) - 1
                : votes;
            if (!IsFound && areApart)
            {
                Budget.IsSuspected = true;
            }
            else if (!IsFound && together <= Doubtful && Array.Exists(own, each => each[i].DocumentedMisfit > Undocumented))
            {
                Probe(limits[i], now);
            }
        }

        // What neither speaks for it nor against it in time is looked into again as soon as there is a doubt.
        var isOver = !IsFound && !Budget.IsSuspected && now - lookedIntoSince > limits[0].Window * 2;
        Budget.IsSuspected |= isOver;
        if (!IsFound && (votes <= -VotesToDismiss || probes > MostProbes || (isOver && votes < 0)))
        {
            (dismissedUntil, votes, probes, Budget.IsSuspected) = (now + Dismissal, 0, 0, true);
        }

        return IsFound ? votes <= -VotesToFind : votes >= VotesToFind;
    }

    // One is held back until others have been heard for a while, and then none until as many were heard again.
    private void Probe(Limit limit, Instant now)
    {
        var longest = limit.Window / 4;
        if (now >= probedUntil && ((heard >= AnswersOfProbe && now - turnedAt >= shortestProbe) || now >= probedUntil + longest) && turns.TryTake(this, now, longest * 2))
        {
            lookedIntoSince = Budget.IsSuspected ? now : lookedIntoSince;
            (probed, probedUntil, turnedAt, heard) = ((probed + 1) % own.Length, now + longest, now, 0);
            probes++;
            Enforce(now);
        }
    }

    // While it is looked into, nobody may take more than it would hold.
    private void Enforce(Instant now)
    {
        foreach (var meter in Budget.IsSuspected ? Budget.Counted : [])
        {
            if (PlaceOf(meter) is >= 0 and var place)
            {
                meter.CountOthers(Math.Min(meter.Capacity, common[place].Used(meter.PerSecond, now)) - meter.Used(now), now);
            }
        }

        Budget.IsSuspected = false;
    }

    // Not known as long as only rules were tried, and none of them explains what is reported.
    private static double MisfitOf(ChargeLearner learner) => learner.Misfit is not { } plain ? double.PositiveInfinity
        : learner.FittedMisfit is { } fitted ? Math.Min(plain, fitted)
        : plain <= Explained ? plain
        : double.PositiveInfinity;

    private int PlaceOf(Meter meter) => Array.FindIndex(limits, limit => limit.Dimension == meter.Dimension && limit.Window == meter.Limit.Window);
}
