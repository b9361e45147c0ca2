using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Leasing;

/// <summary>Works out what one instance is lent of one limit now: its target, as far as it is not with others yet.</summary>
internal sealed class Loan(LeaseAccount account, int line, LeaseTargets targets, IReadOnlyList<Tenure> tenures, LeasePolicy policy, Baton baton)
{
    /// <summary>How many pauses pass from when an amount is there until another instance has it: a burst shorter than that would overflow.</summary>
    private const int Passing = 5;

    /// <summary>A difference that is worth an ask of its own.</summary>
    private const double Notable = 0.2;

    /// <summary>The part of a refresh's worth of a window whose use is told soon: from when it is told on it counts.</summary>
    private const double Telling = 0.5;

    /// <summary>So many refreshes' worth of a window, for each that waits, are worth an ask.</summary>
    private const double Worth = 1.5;

    /// <summary>So many refreshes a window lasts whose use need not be told soon.</summary>
    private const int Lasting = 3;

    /// <summary>So many calls' worth of a window are used by the time the next ask may go out.</summary>
    private const double Few = 2;

    /// <summary>The part of what the book has that an instance gets at first.</summary>
    private const double Advance = 0.5;

    /// <summary>How far a rate may be above its target while nobody waits for it: moved to and fro, it would be out of use on the way.</summary>
    private const double Slack = 0.1;

    /// <summary>
    /// Before when an ask that something presses for would find nothing: a window gives nothing before time brings it, and the book knows when.
    /// The distant past where it may find something. Where a notable part was lent, its use is to be told soon.
    /// </summary>
    internal Instant UselessBefore { get; private set; } = Instant.Distant;

    /// <param name="tenure">The instance; its last answer is settled.</param>
    /// <param name="isNew">Whether it was not known before.</param>
    /// <param name="askAgain">When it should ask again.</param>
    internal LeaseLine For(Tenure tenure, bool isNew, Instant now, out Instant askAgain)
    {
        var target = targets[tenure];
        if (isNew && account.Flows && !target.ByTurns)
        {
            askAgain = now + policy.FirstRefresh;
            return First(tenure);
        }

        if (target.ByTurns && IsPassedOn(tenure))
        {
            var held = PassOn(tenure, target, now, out askAgain);
            askAgain = Instant.Max(now + PauseOf(tenure), Instant.Min(now + policy.RefreshEvery, askAgain));
            return held;
        }

        var loan = target.ByTurns ? ByTurns(tenure, target, now) : account.Flows ? Flow(tenure, target) : Amount(tenure, target);
        var own = tenure.Lines[line];
        var waitsForTime = own.IsShort && (target.ByTurns || !account.Flows);
        var mustLetGo = own.Rate > loan.Rate * (1 + Notable) || own.Capacity > loan.Capacity * (1 + Notable) + Notable;
        var isWaitedFor = mustLetGo && tenures.Any(other => other != tenure && other.Lines[line].IsShort);
        askAgain = isWaitedFor ? now
            : waitsForTime ? NextRoom(tenure, target, loan.Grant)
            : own.IsShort ? LetGoAt(tenure, now)
            : Instant.Unknown;
        var soonest = now + PauseOf(tenure);
        var hangsOnTime = waitsForTime && !isWaitedFor && !account.Flows && account.Dimension != Dimension.Concurrent
            && (!target.ByTurns || IsToldInTime && OthersHaveNothing(tenure));
        UselessBefore = !hangsOnTime ? Instant.Distant
            : loan.Grant < Refreshed * Telling || IsToldInTime ? Instant.Max(soonest, askAgain)
            : IsByCalls(own) && loan.Grant <= Few * own.Need ? soonest
            : soonest + PauseOf(tenure);
        askAgain = Instant.Max(soonest, Instant.Min(now + policy.RefreshEvery, askAgain));
        return loan;
    }

    /// <summary>How soon after an ask another may follow: where calls go out by turns nothing but the turn is waited for.</summary>
    internal TimeSpan PauseOf(Tenure tenure) => targets[tenure].ByTurns ? policy.MinRefresh : policy.PauseOf(tenures.Count);

    /// <summary>
    /// An advance: an amount without refill. The first to ask would else have everything, and the others nothing before it lets go.
    /// </summary>
    private LeaseLine First(Tenure tenure)
    {
        var need = tenure.Lines[line].Need;
        var wants = Math.Max(need, Wants(tenure) * policy.RefreshEvery.TotalSeconds / 2);
        var grant = Math.Min(Math.Min(wants, account.Free), Math.Max(need, account.Free * Advance));
        return new(grant, 0, grant);
    }

    /// <summary>A part with its refill. What the book has is lent by shares, but no part of it that the book then couldn't keep.</summary>
    private LeaseLine Flow(Tenure tenure, LeaseTarget target)
    {
        var own = tenure.Lines[line];
        var (lentRate, lentCapacity) = Others(tenure);
        var isEnough = own.Rate <= target.Share * (1 + Slack) && !tenures.Any(other => other != tenure && other.Lines[line].IsShort);
        var rate = Math.Min(isEnough ? Math.Max(own.Rate, target.Share) : target.Share, Math.Max(0, account.Pool - lentRate));
        var room = Math.Max(0, account.Capacity - lentCapacity);
        var capacity = Math.Min(target.Capacity, room);
        var most = Math.Min(account.Free, Math.Max(0, capacity - Math.Max(0, own.Level)));

        // What is added counts beside the part until it is known to have merged: that is the room of those without a part.
        most = tenures.Any(other => targets[other].ByTurns && other.Lines[line].IsShort) ? Math.Min(most, Math.Max(0, capacity - own.Capacity)) : most;
        var all = tenures.Sum(other => targets[other].Share);
        var grant = Math.Min(most, account.Free * (all > 0 ? target.Share / all : 0));
        var overflow = account.Free - grant - (room - Math.Max(own.Capacity + grant, capacity));
        grant = Math.Min(most, grant + Math.Max(0, overflow));
        var isShort = rate < Math.Min(target.Share, Wants(tenure)) * (1 - Notable) || capacity < own.Need;
        tenure.Lines[line] = own with { IsShort = isShort };
        return new(grant, rate, capacity);
    }

    /// <summary>An amount, up to the target; where that is a few calls' worth, whole ones: what remains of each would be of no use to anyone.</summary>
    private LeaseLine Amount(Tenure tenure, LeaseTarget target)
    {
        var own = tenure.Lines[line];
        var whole = IsByCalls(own) && target.Share < 2 * Few * own.Need ? Math.Floor((target.Share / own.Need) + 1e-9) * own.Need : target.Share;
        var grant = Math.Min(Math.Max(0, whole - own.Capacity), account.Free);
        tenure.Lines[line] = own with { IsShort = own.Capacity + grant < Math.Max(own.Need, Wants(tenure) * Horizon) * (1 - Notable) };
        return new(grant, 0, whole);
    }

    /// <summary>
    /// As much as the largest call needs, when it is this instance's turn: the one that was lent least by its share goes first, and what it
    /// needs is kept for it, or will have come back when it asks again. Who waits gives up what is less than a call's worth. One that had no
    /// turns for a while begins with the least of the others, so that nothing is saved up.
    /// </summary>
    private LeaseLine ByTurns(Tenure tenure, LeaseTarget target, Instant now)
    {
        var own = tenure.Lines[line];
        var rivals = Rivals(tenure, now);
        var turn = own.IsShort || rivals.Length == 0 ? own.Turn : Math.Max(own.Turn, rivals.Min(rival => rival.Lines[line].Turn));
        var (has, isByCalls) = (Has(own), IsByCalls(own));

        // A window that is used up at this moment has no shares, and all the same turns, where its calls are large.
        var weight = isByCalls ? target.Weight : target.Share;
        var missing = Math.Max(0, own.Need - has);
        var isNext = weight > 0 && LeavesEnough(missing, rivals.Where(rival => rival.Lines[line].Turn < turn), now);
        var grant = isNext ? Math.Min(missing, account.Free) : 0;
        tenure.Lines[line] = own with
        {
            Turn = grant > 0 ? turn + grant / weight : turn,
            IsShort = weight > 0 && missing > 0 && !isNext,
        };
        return new(grant, 0, missing > 0 && !isNext && isByCalls ? 0 : has + grant);
    }

    /// <summary>
    /// Whether all that is left for the instances without a part goes to one after the other, with its refill: where only one instance is
    /// without a part, or where the bucket would overflow while single calls' worth is asked for and answered.
    /// </summary>
    private bool IsPassedOn(Tenure tenure)
    {
        if (!account.Flows)
        {
            return false;
        }

        var ((rate, capacity), need) = (ForTurns(), tenure.Lines[line].Need);
        return rate > 0 && tenures.All(other => other == tenure || !targets[other].ByTurns)
            || capacity - need < rate * (Passing * policy.MinRefresh).TotalSeconds && need < rate * policy.RefreshEvery.TotalSeconds;
    }

    /// <summary>
    /// All that is left for those without a part, for a while, when it is this instance's turn: the one that had it the shortest by its share
    /// goes first. It uses it until it asks again, as with any part that it is to give up.
    /// </summary>
    private LeaseLine PassOn(Tenure tenure, LeaseTarget target, Instant now, out Instant askAgain)
    {
        var own = tenure.Lines[line];
        var rivals = Rivals(tenure, now);
        var turn = own.IsShort || own.Rate > 0 || rivals.Length == 0 ? own.Turn : Math.Max(own.Turn, rivals.Min(rival => rival.Lines[line].Turn));
        var ahead = rivals.Where(rival => rival.Lines[line].Turn < turn).ToArray();
        var soon = now + 2 * policy.MinRefresh;
        baton.IsOurs ??= !ahead.Any(rival => rival.Answer!.AskAgainAt <= soon);
        var (lentRate, lentCapacity) = Others(tenure);
        var (mostRate, mostCapacity) = ForTurns();
        var (rate, capacity) = (Math.Min(mostRate, account.Pool - lentRate), Math.Min(mostCapacity, account.Capacity - lentCapacity));
        var isFree = rate > mostRate / 2 && capacity >= own.Need * (1 - 1e-9);
        var span = SpanOf(rivals.Length, own.Need / mostRate);
        if (baton.IsOurs is true && isFree && target.Weight > 0)
        {
            askAgain = ahead.Select(rival => rival.Answer!.AskAgainAt).Append(now + span).Aggregate(Instant.Min);
            tenure.Lines[line] = own with { Turn = turn + (span.TotalSeconds * rate / target.Weight), IsShort = false };
            return new(Math.Min(account.Free, Math.Max(0, capacity - Math.Max(0, own.Level))), rate, capacity);
        }

        tenure.Lines[line] = own with { Turn = turn, IsShort = own.Need > 0 && target.Weight > 0 };
        askAgain = own.Rate > 0 ? now : FreeAgainAt(tenure, now) + ahead.Length * (span + 2 * policy.MinRefresh);
        return new(0, 0, 0);
    }

    /// <summary>
    /// How long one instance has it: each once in the time of a lease, but long enough for a call, and not so shortly that it would mostly be on
    /// its way.
    /// </summary>
    private TimeSpan SpanOf(int rivals, double secondsPerCall)
    {
        var most = policy.RefreshEvery.TotalSeconds;
        var least = Math.Min(most, Math.Max((Passing * policy.MinRefresh).TotalSeconds, secondsPerCall));
        return TimeSpan.FromSeconds(Math.Clamp(policy.Duration.TotalSeconds / (1 + rivals), least, most));
    }

    /// <summary>When whoever has it now will be known to have given it up, as far as can be foreseen.</summary>
    private Instant FreeAgainAt(Tenure tenure, Instant now)
    {
        var at = now;
        foreach (var other in tenures.Where(other => other != tenure && targets[other].ByTurns && other.LentRate(line) > 0 && other.Answer is not null))
        {
            var (asks, gives) = (other.Answer!.AskAgainAt, other.Answer.Lines[line].Rate > 0 ? 1.5 * policy.MinRefresh : 0.5 * policy.MinRefresh);
            at = Instant.Max(at, now <= asks + 2 * policy.MinRefresh ? asks + gives : other.EndsAt + policy.ClockMargin);
        }

        return at;
    }

    /// <summary>What targets leave for those that have no part.</summary>
    private (double Rate, double Capacity) ForTurns()
    {
        var (rate, capacity) = (account.Pool, account.Capacity);
        foreach (var other in tenures.Where(other => !targets[other].ByTurns))
        {
            rate -= targets[other].Share;
            capacity -= targets[other].Capacity;
        }

        return (rate, capacity);
    }

    /// <summary>Whether, less an amount, there is enough for others by the times at which they ask again.</summary>
    private bool LeavesEnough(double amount, IEnumerable<Tenure> others, Instant now)
    {
        var (left, at) = (account.Free - amount * (1 - 1e-9), now);
        foreach (var other in others.OrderBy(other => other.Answer!.AskAgainAt))
        {
            if (left < 0)
            {
                return false;
            }

            var asksAt = Instant.Max(at, other.Answer!.AskAgainAt);
            left = Math.Min(account.Capacity, left + account.Refill * (asksAt - at).TotalSeconds) - other.Lines[line].Need;
            at = asksAt;
        }

        return left >= 0;
    }

    /// <summary>Those who wait for their turn, and still ask when they said they would.</summary>
    private Tenure[] Rivals(Tenure tenure, Instant now) =>
    [
        .. tenures.Where(other => other != tenure && targets[other].ByTurns && other.Lines[line].IsShort
            && other.Answer is { } answer && now <= answer.AskAgainAt + 2 * policy.MinRefresh),
    ];

    /// <summary>
    /// When there may be enough for it: for its call and all that go before, or of a window, beyond what it is granted now, for the fair parts of
    /// all that wait, since they will ask at that time too.
    /// </summary>
    private Instant NextRoom(Tenure tenure, LeaseTarget target, double grant)
    {
        var own = tenure.Lines[line];
        if (!target.ByTurns && IsToldInTime)
        {
            var waiting = tenures.Count(other => other == tenure || other.Lines[line].IsShort);
            var at = account.FreeAt(grant + Math.Max(own.Need, Worth * Refreshed * waiting));
            if (at.IsKnown)
            {
                return at;
            }
        }

        if (!target.ByTurns)
        {
            return account.FreeAt(Math.Max(own.Need, Refreshed));
        }

        var ahead = tenures.Where(other => other != tenure && other.Lines[line].IsShort && other.Lines[line].Turn < own.Turn);
        return account.TurnAt(Math.Max(0, own.Need - Has(own)), ahead.Sum(other => other.Lines[line].Need));
    }

    // Whether nobody else has anything of it that may come back before its time.
    private bool OthersHaveNothing(Tenure tenure) => tenures.All(other => other == tenure || other.LentCapacity(line, account.Flows) <= 0);

    // Whether a refresh brings no more than a few calls' worth: of a window that brings many, its part in a refresh is waited for.
    private bool IsByCalls(TenureLine own) => account.Flows || own.Need * Few >= Refreshed;

    // A window so much longer than a refresh counts what it is told from when it was used on, and nothing of that comes back before it is told.
    private bool IsToldInTime => account.Limit.Algorithm == LimitAlgorithm.Sliding && account.Limit.Window >= Lasting * policy.RefreshEvery;

    // What a window gives in one refresh, in fair parts.
    private double Refreshed => account.Limit.PerSecond * policy.RefreshEvery.TotalSeconds / tenures.Count;

    /// <summary>
    /// When somebody lets go of what it has beyond its target: with its next ask, or by its end where that is overdue. Before that it is no
    /// use to ask again.
    /// </summary>
    private Instant LetGoAt(Tenure tenure, Instant now)
    {
        var at = Instant.Unknown;
        foreach (var other in tenures.Where(other => other != tenure && HasTooMuch(other)))
        {
            var asks = other.Answer!.AskAgainAt;
            at = Instant.Min(at, now <= asks + 2 * policy.MinRefresh ? asks + policy.MinRefresh / 2 : other.EndsAt + policy.ClockMargin);
        }

        return at.IsKnown ? at : now;
    }

    private bool HasTooMuch(Tenure other) => other.Answer is not null
        && (other.LentRate(line) > targets[other].Share * (1 + Slack) || other.LentCapacity(line, account.Flows) > targets[other].Capacity * (1 + Slack));

    private double Has(TenureLine own) => Math.Max(0, account.Flows ? own.Level : own.Capacity);

    private (double Rate, double Capacity) Others(Tenure tenure)
    {
        var (rate, capacity) = (0.0, 0.0);
        foreach (var other in tenures)
        {
            rate += other == tenure ? 0 : other.LentRate(line);
            capacity += other == tenure ? 0 : other.LentCapacity(line, account.Flows);
        }

        return (rate, capacity);
    }

    private double Horizon => account.Dimension == Dimension.Concurrent ? 1 : policy.RefreshEvery.TotalSeconds;

    private double Wants(Tenure tenure) => tenure.Demands.Sum(demand => demand.PerSecond[account.Dimension]);
}

/// <summary>Whose turn it is, of all limits of a budget alike: a call that waits for two must not hold one while another holds the other.</summary>
internal sealed class Baton
{
    /// <summary>Whether it is the asking instance's; null while no limit has asked.</summary>
    internal bool? IsOurs { get; set; }
}
