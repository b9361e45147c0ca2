using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Leasing;

/// <summary>
/// The owner of one budget lends it to instances, so that they can let calls out without asking. Its safety rests on one rule: what is
/// lent, what is on its way and what is not lent add up to the limit at every moment, and everything leaves the one before it enters the
/// other. Lost asks and answers, repeated ones, instances that die: each only makes less available, until the lease's end.
/// </summary>
/// <remarks>
/// Of a bucket an instance is lent a part with its own refill, so one ask serves as many calls as go out until the next. Of a window it is
/// lent an amount. Who gets how much is the weighted max-min share of the stated demand (<see cref="Division"/>), as in Google's Doorman.
/// Worked: 100 units per second, a burst of 6,000. Instance a wants 100 per second: it is lent 400 at once, what it wants in half a refresh,
/// and asks again in a second. Had b asked by then, each would be lent 50 per second; as nobody has, a is lent 100 per second and has 5,400
/// at once, and the book keeps a tenth of the burst. Then b wants 100 per second too. Fair is 50 each, but a has it all: b gets 300 of the
/// book's 600. At its next ask a is offered 50 per second and 2,700 at once; once it is known to go by that (its ask after), b is lent the
/// other 50 and 2,700.
/// </remarks>
public sealed partial class LeaseBook
{
    private const double NearlyUsed = 0.9;

    private readonly LeasePolicy _policy;
    private readonly Caution _caution;
    private readonly LeaseAccount[] _accounts;
    private readonly Dictionary<string, Tenure> _tenures = new(StringComparer.Ordinal);
    private readonly ChargeLearner[] _learners;
    private Instant _now;
    private Instant _surprisedAt;
    private long _lastNumber;

    /// <summary>A book with everything unused and nothing lent.</summary>
    /// <param name="limits">The budget's limits.</param>
    /// <param name="caution">How far to stay from them.</param>
    /// <param name="policy">How to lend.</param>
    public LeaseBook(IReadOnlyList<Limit> limits, Caution caution, LeasePolicy policy)
    {
        _policy = policy;
        _caution = caution;
        _accounts = [.. limits.Select(limit => LeaseAccount.Create(limit, caution, policy))];
        _learners = caution.IsFixed ? [] : ChargeLearners.Of(limits, isShared: true);
    }

    /// <summary>Until when the scope is closed.</summary>
    public Instant CooldownUntil { get; private set; }

    /// <summary>Who holds leases.</summary>
    internal IEnumerable<string> Instances => _tenures.Keys;

    /// <summary>True where a new book would be the same: nothing lent, nothing used, nothing closed.</summary>
    internal bool IsWhole => _tenures.Count == 0 && CooldownUntil <= _now && _accounts.All(account => account.IsWhole);

    /// <summary>True while nothing is lent, since an earlier book may have lent it.</summary>
    private bool IsInDoubt => _tenures.ContainsKey(Tenure.Unknown);

    /// <summary>
    /// A book that took the place of one whose state is lost, or is the first: nobody can tell. Nothing is lent before every lease of an
    /// earlier book has ended, and everything is taken for used. Only where that would close the scope for long (days, places) it takes
    /// an instance that tells of such a lease.
    /// </summary>
    public void Doubt(Instant now)
    {
        Advance(now);
        _lastNumber = Math.Max(_lastNumber, now.Ticks);
        _tenures.Clear();
        _tenures[Tenure.Unknown] = Tenure.OfUnknown(
            [.. _accounts.Select(account => new LeaseLine(0, account.Flows ? account.Pool : 0, account.Capacity))],
            now,
            now + _policy.Duration);
        Reserve();
    }

    /// <summary>
    /// Takes in an ask and lends. An ask that is no newer than the instance's last gets the same answer again and changes nothing.
    /// </summary>
    /// <exception cref="ArgumentException">The ask is malformed: its instance is at fault.</exception>
    public Lease Ask(LeaseAsk ask, Instant now)
    {
        ask.Check(_accounts.Length, _policy.MaxDemands);
        Advance(now);
        var isKnown = _tenures.TryGetValue(ask.Instance, out var tenure);
        if (isKnown && ask.Sequence <= tenure!.Sequence)
        {
            return tenure.Answer!;
        }

        if (isKnown)
        {
            Hear(tenure!, ask);
        }

        // Of several successes the latest says what remains; from the others is learned how calls are charged.
        var latest = ask.News.LastOrDefault(news => news.Observation.Kind == OutcomeKind.Success);
        foreach (var news in ask.News.Where(news => news == latest || news.Observation.Kind != OutcomeKind.Success))
        {
            Observe(news.Observation, news.SentAt);
        }

        Take(ask.Sharing);
        LearnCharges(ask);
        if (ask.ClosedFor is { } span)
        {
            CooldownUntil = span > TimeSpan.Zero ? Instant.Max(CooldownUntil, _now + span) : _now;
        }

        if (ask.Leaving && isKnown)
        {
            Leave(tenure!);
        }

        if (IsInDoubt)
        {
            _tenures[Tenure.Unknown].Suspect(ask);
        }

        if (ask.Leaving || IsInDoubt || !isKnown && _tenures.Count >= _policy.MaxInstances)
        {
            return Nothing(ask);
        }

        if (!isKnown)
        {
            _tenures.Add(ask.Instance, tenure = Tenure.Begin(ask));
        }

        if (_caution.Send(_now))
        {
            Reconsider();
        }

        return Offer(tenure!, isNew: !isKnown, hasAnswers: latest is not null);
    }

    /// <summary>Closes the scope until an instant, or opens it where that has passed: a person's word.</summary>
    public void CoolDown(Instant until, Instant now)
    {
        Advance(now);
        CooldownUntil = until > _now ? until : _now;
    }

    private void Reconsider()
    {
        foreach (var account in _accounts)
        {
            account.Reconsider();
        }
    }

    private void Observe(Observation observation, Instant sentAt)
    {
        foreach (var reading in observation.Readings)
        {
            foreach (var account in _accounts)
            {
                if (reading.Concerns(account.Limit))
                {
                    account.Observe(reading, sentAt);
                }
            }
        }

        // An instance tells one of many answers.
        var changed = observation.Kind == OutcomeKind.Success && _caution.Reassure(sentAt, _now, Caution.AnswersToSettle);
        if (observation.Kind == OutcomeKind.RateLimited)
        {
            // An instance hears of what was refused to others with its next answer: until then its refusals are of the same trouble.
            changed = sentAt >= _surprisedAt + _policy.RefreshEvery;
            if (changed)
            {
                _surprisedAt = _now;
                _caution.Surprise(_now);
            }

            foreach (var learner in _learners.Where(learner => !IsNearlyUsed(learner.Limit)))
            {
                learner.Reopen(_now);
            }

            foreach (var account in _accounts.Where(account => observation.Dimension is null || observation.Dimension == account.Dimension))
            {
                account.Drain();
            }
        }

        if (changed)
        {
            Reconsider();
        }
    }

    /// <summary>Lets time pass; what expired on the way is written off at its time.</summary>
    internal void Advance(Instant now)
    {
        _now = Instant.Max(_now, now);
        var ended = _tenures.Values.Where(tenure => tenure.EndsAt + _policy.ClockMargin <= _now).OrderBy(tenure => tenure.EndsAt);
        foreach (var tenure in ended.ToArray())
        {
            foreach (var (account, line) in Lines())
            {
                account.Advance(tenure.EndsAt + _policy.ClockMargin);
                if (!tenure.IsUnfounded || !account.IsSlow)
                {
                    account.Spend(tenure.LentCapacity(line, account.Flows));
                }
            }

            _tenures.Remove(tenure.Instance);
            Reserve();
        }

        foreach (var account in _accounts)
        {
            account.Advance(_now);
        }
    }

    private void Hear(Tenure tenure, LeaseAsk ask)
    {
        var calls = tenure.Hear(ask, _accounts, _now);
        foreach (var learner in _learners)
        {
            learner.Pass(calls, _now);
        }

        Reserve();
        tenure.Book(ask, _accounts, _policy.ClockMargin / _policy.Duration, _now);
    }

    /// <summary>Lends what an instance should have, as far as others have let go of it.</summary>
    private Lease Offer(Tenure tenure, bool isNew, bool hasAnswers)
    {
        var tenures = _tenures.Values.ToArray();
        var lines = new LeaseLine[_accounts.Length];
        var parts = Enumerable.Repeat(1.0, tenure.Demands.Count).ToArray();
        var (use, limitParts) = (new double[_accounts.Length], new double[_accounts.Length]);
        var baton = new Baton();
        var refresh = _policy.RefreshOf(tenures.Length, tenures.Sum(other => other.CallsPerSecond));
        var (askAgain, pause, uselessBefore) = (_now + refresh, refresh, Instant.Distant);
        foreach (var (account, line) in Lines())
        {
            account.Bound(MostLent(line));
            var targets = LeaseTargets.Of(line, account, tenures, _policy);
            var loan = new Loan(account, line, targets, tenures, _policy, baton);
            lines[line] = loan.For(tenure, isNew, _now, out var again);
            limitParts[line] = targets.PartOf(tenure);
            askAgain = Instant.Min(askAgain, again);
            pause = loan.PauseOf(tenure) < pause ? loan.PauseOf(tenure) : pause;
            uselessBefore = Instant.Max(uselessBefore, loan.UselessBefore);
            parts = [.. parts.Zip(targets.PartsOf(tenure), Math.Min)];
            account.Grant(lines[line].Grant);
            use[line] = account.Flows
                ? account.UseWith(tenures.Sum(other => Math.Max(0, other.Lines[line].Level)) + lines[line].Grant)
                : Math.Min(1, account.UseWith(0) + (BeingUsed(tenure, line) / account.Capacity));
        }

        if (uselessBefore > _now)
        {
            askAgain = Instant.Max(askAgain, Instant.Min(uselessBefore, _now + _policy.DurationOf(refresh) - _policy.AnswerWithin));
            pause = askAgain - _now;
        }

        if (hasAnswers || lines.Any(lent => lent.Grant > 0))
        {
            askAgain = LearnsAgainAt(askAgain);
        }

        var shares = tenure.Demands.Select((demand, i) => new LeaseShare(demand.Tenant, demand.Priority, parts[i]));
        tenure.Answer = new Lease(
            tenure.Instance, tenure.Sequence, ++_lastNumber, tenure.Continues,
            _now, CooldownUntil, Instant.Max(_now + _policy.DurationOf(refresh), tenure.EndsAt), askAgain, lines, [.. shares])
        { Use = use, LimitParts = limitParts, Pause = pause, WantsCharges = WantsCharges, Charging = [.. _learners.Select(learner => learner.Save())], Learned = _caution.Report(), ForgottenAt = _forgottenAt, IsAlone = tenures.Length == 1, Sharing = _sharing };
        Reserve();
        return tenure.Answer;
    }

    // A refusal when a window is full by the rule assumed speaks for the rule: sizes are a little wrong, or calls arrive a little late.
    private bool IsNearlyUsed(Limit limit) => Array.Exists(_accounts, account => account.Limit == limit && !account.Flows && account.UseWith(0) >= NearlyUsed);

    // Where calls wait at another instance, it has used all that it was lent, though it has not told so yet.
    private double BeingUsed(Tenure asking, int line) =>
        _tenures.Values.Where(other => other != asking && other.Lines[line].IsShort).Sum(other => other.LentCapacity(line, flows: false));

    private void Leave(Tenure tenure)
    {
        _tenures.Remove(tenure.Instance);
        Reserve();
        foreach (var (account, line) in Lines())
        {
            if (account.Dimension == Dimension.Concurrent)
            {
                account.Spend(tenure.Lines[line].Level);
            }
            else if (tenure.Continues != 0)
            {
                account.Return(Math.Max(0, tenure.Lines[line].Level));
            }
        }
    }

    private Lease Nothing(LeaseAsk ask) => new(
        ask.Instance, ask.Sequence, 0, 0,
        _now, CooldownUntil, _now, IsInDoubt ? _tenures[Tenure.Unknown].EndsAt + _policy.ClockMargin : _now + _policy.RefreshEvery,
        [.. _accounts.Select(_ => new LeaseLine(0, 0, 0))],
        [.. ask.Demands.Select(demand => new LeaseShare(demand.Tenant, demand.Priority, 0))]);

    private void Reserve()
    {
        foreach (var (account, line) in Lines())
        {
            var (rate, capacity, largest) = (0.0, 0.0, 0.0);
            foreach (var tenure in _tenures.Values)
            {
                rate += tenure.LentRate(line);
                capacity += tenure.LentCapacity(line, account.Flows);
                largest = Math.Max(largest, tenure.Lines[line].Need);
            }

            account.Reserve(rate, capacity, largest);
        }
    }

    private double MostLent(int line) => _tenures.Values.Sum(tenure => tenure.MostAt(line, _now));

    private IEnumerable<(LeaseAccount Account, int Line)> Lines() => _accounts.Select((account, line) => (account, line));
}
