using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Leasing;

/// <summary>
/// The instance's side of a lease: answers at memory speed whether a call fits what is held, and asks the book when it is time. Not
/// thread-safe; keeps no clock. Nothing that it lets out exceeds what the book lent, whatever becomes of asks and answers on the way.
/// </summary>
internal sealed class LeaseHold
{
    private static readonly TimeSpan LongestGuess = TimeSpan.FromMinutes(1);

    private readonly string _instance;
    private readonly LeasePolicy _policy;
    private readonly HeldLine[] _lines;
    private Instant _latest;
    private Instant _askedAt;
    private Instant _askAgainAt;
    private Instant _expiresAt;
    private (Instant Here, Instant Book) _anchor;
    private Instant? _unansweredSince;
    private Instant _lentFrom;
    private long _sequence;
    private long _held;
    private bool _isValid;
    private readonly TimeSpan _again;
    private TimeSpan _pause;
    private bool _isUrgent;
    private bool _hasTaken;

    /// <summary>An instance that holds nothing yet.</summary>
    /// <param name="instance">Its name, a new one at every start of a process.</param>
    /// <param name="limits">The budget's limits, in the book's order.</param>
    /// <param name="policy">The book's policy.</param>
    public LeaseHold(string instance, IReadOnlyList<Limit> limits, LeasePolicy policy)
    {
        _instance = instance;
        _policy = policy;
        _pause = policy.MinRefresh;
        _again = policy.AnswerWithin < policy.RefreshEvery ? policy.AnswerWithin : policy.RefreshEvery;
        _lines = [.. limits.Select(HeldLine.Create)];
    }

    /// <summary>Until when, by its own clock, what is held may be used; <see cref="Instant.Distant"/> while nothing is.</summary>
    public Instant ExpiresAt => _isValid ? _expiresAt : Instant.Distant;

    /// <summary>Whether what is held goes on from an earlier lease.</summary>
    public bool IsContinued { get; private set; }

    /// <summary>Before when nothing may be used, by its own clock, as the book said.</summary>
    public Instant NotBefore { get; private set; }

    /// <summary>How much later than <see cref="ByBook"/> says something may have been by the book's clock: as long as the answer was on its way.</summary>
    public TimeSpan LateBy { get; private set; }

    /// <summary>When the book should be asked: as it said, or soon where it should know more.</summary>
    public Instant AskAt => _isUrgent ? SoonestAskAt : _askAgainAt;

    /// <summary>When the book may be asked again at the soonest.</summary>
    public Instant SoonestAskAt => Instant.Min(_askAgainAt, _askedAt + _pause);

    /// <summary>
    /// When there may be a lease again, where there is none: as the book said; where it does not answer, after as long again as it has been
    /// silent. The distant past where there is one, or one is just being asked for.
    /// </summary>
    public Instant RegainedAt(Instant now)
    {
        if (_lines.Length == 0 || _isValid && now < _expiresAt)
        {
            return Instant.Distant;
        }

        if (_lentFrom > now)
        {
            return _lentFrom;
        }

        var silence = _unansweredSince is { } since ? now - since : TimeSpan.Zero;
        return silence < _policy.AnswerWithin ? Instant.Distant : now + (silence < LongestGuess ? silence : LongestGuess);
    }

    /// <summary>Gives up what is held, and whatever was asked for: it may have ended by the book's clock. The book should be asked at once.</summary>
    public void Void(Instant now)
    {
        now = Advance(now);
        if (_isValid)
        {
            Lapse(now);
        }

        _sequence++;
        _askAgainAt = now;
    }

    /// <summary>A limit has another amount.</summary>
    public void Reconfigure(int line, Limit limit) => _lines[line].Limit = limit;

    /// <summary>The book should be asked soon.</summary>
    public void Hurry() => _isUrgent = true;

    /// <summary>
    /// The first instant at which a charge fits what is held; <see cref="Instant.Unknown"/> where that takes another lease.
    /// </summary>
    public Instant FitsAt(in Charge charge, Instant now) => FitsAt(charge, charge, now);

    /// <summary>The same for an estimate, of which the whole of a limit is enough as long as what is certain is no more.</summary>
    public Instant FitsAt(in Charge charge, in Charge certain, Instant now)
    {
        now = Advance(now);
        var fits = now;
        foreach (var line in _lines)
        {
            var amount = Charge.Clip(charge[line.Limit.Dimension], certain[line.Limit.Dimension], line.Limit.Capacity);
            if (amount <= 0)
            {
                continue;
            }

            var at = line.FitsAt(amount, now, _expiresAt);
            at = line.Kept > 0 && at.IsKnown ? line.FitsAt(Math.Min(amount + line.Kept, line.Limit.Capacity), now, _expiresAt) : at;
            line.Missed = at == Instant.Unknown ? Math.Max(line.Missed, amount) : line.Missed;
            _isUrgent |= at == Instant.Unknown && (_hasTaken || amount > line.Need);
            fits = Instant.Max(fits, at);
        }

        return fits.IsKnown ? Instant.Max(fits, NotBefore) : fits;
    }

    /// <summary>Keeps room in what is held for a call that is yet to come (1), or no longer (-1).</summary>
    internal void Keep(in Charge charge, int sign)
    {
        _hasTaken |= sign > 0;
        foreach (var line in _lines)
        {
            line.Kept = Math.Max(0, line.Kept + (charge[line.Limit.Dimension] * sign));
        }
    }

    /// <summary>Takes a charge that fits.</summary>
    public void Take(in Charge charge, Instant now)
    {
        now = Advance(now);
        _hasTaken = true;
        foreach (var line in _lines)
        {
            if (charge[line.Limit.Dimension] is > 0 and var amount)
            {
                line.Take(amount, now);
            }
        }
    }

    /// <summary>Replaces a charge by what it came to, once.</summary>
    /// <param name="held">The charge that was taken.</param>
    /// <param name="final">What it came to; more than was taken puts what is held into debt.</param>
    /// <param name="takenAt">When it was taken.</param>
    public void Settle(in Charge held, in Charge final, Instant takenAt, Instant now)
    {
        now = Advance(now);
        foreach (var line in _lines)
        {
            var surplus = held[line.Limit.Dimension] - final[line.Limit.Dimension];
            if (surplus > 0)
            {
                line.GiveBack(surplus, takenAt, ByBook(takenAt), now);
            }
            else if (surplus < 0)
            {
                line.Take(-surplus, now);
            }
        }
    }

    /// <summary>The provider says that nothing is left: others used what is held of buckets.</summary>
    /// <param name="dimension">Of what; null where it didn't say.</param>
    public void Drain(Dimension? dimension, Instant now)
    {
        now = Advance(now);
        foreach (var line in _lines)
        {
            if (dimension is null || dimension == line.Limit.Dimension)
            {
                line.Drain(now);
            }
        }
    }

    /// <summary>Makes the next ask; answers to earlier ones are void from here on.</summary>
    /// <param name="demands">What is wanted.</param>
    /// <param name="need">The largest single charge that waits or is to be expected.</param>
    public LeaseAsk Ask(IReadOnlyList<LeaseDemand> demands, in Charge need, Instant now)
    {
        now = Advance(now);
        if (_unansweredSince is null || now - _askedAt > 2 * _policy.RefreshEvery)
        {
            _unansweredSince = now;
        }

        (_askedAt, _askAgainAt) = (now, now + (!_isValid ? 2 * _pause : _again));
        (_isUrgent, _hasTaken) = (false, false);
        var reports = new LeaseReport[_lines.Length];
        for (var i = 0; i < reports.Length; i++)
        {
            reports[i] = _lines[i].Report(need[_lines[i].Limit.Dimension], now);
        }

        // By the time, so that one that is made anew under the same name goes on.
        _sequence = Math.Max(_sequence + 1, now.Ticks);
        return new(_instance, _sequence, _held, demands, reports) { Lapsed = !_isValid };
    }

    /// <summary>Makes the last ask: everything is given back, and nothing fits any more.</summary>
    public LeaseAsk Leave(Instant now)
    {
        foreach (var line in _lines)
        {
            line.LetGo();
        }

        var ask = Ask([], Charge.None, now) with { Leaving = true };
        Lapse(now);
        return ask;
    }

    /// <summary>The number of the last ask; 0 before the first.</summary>
    public long LastAsk => _sequence;

    /// <summary>Whether this is the answer to the last ask.</summary>
    public bool IsAnswered(Lease lease) => lease.Instance == _instance && lease.Answers == _sequence;

    /// <summary>Takes up an answer. False where it is not the answer to the last ask, or comes after its end.</summary>
    public bool Apply(Lease lease, Instant now)
    {
        now = Advance(now);
        if (IsAnswered(lease))
        {
            (_unansweredSince, _lentFrom) = (null, lease.Number == 0 ? lease.AskAgainAt + (now - lease.IssuedAt) : Instant.Distant);
        }

        if (!IsAnswered(lease) || lease.Number == _held || lease.Lines.Count != _lines.Length)
        {
            return false;
        }

        // Whatever the clocks read: the lease began after the ask left and before the answer came.
        var (begin, end) = (now - lease.IssuedAt, _askedAt + (lease.ExpiresAt - lease.IssuedAt));
        (NotBefore, _askAgainAt, _pause) = (lease.NotBefore + begin, lease.AskAgainAt + begin, lease.Pause ?? _policy.MinRefresh);
        if (lease.Number == 0 || now >= end)
        {
            return false;
        }

        if (!_isValid || lease.Continues != _held)
        {
            Lapse(now);
        }

        (_isValid, IsContinued) = (true, lease.Continues != 0);
        (_held, _expiresAt, _anchor, LateBy) = (lease.Number, end, (now, lease.IssuedAt), now - _askedAt + _policy.ClockMargin);

        // This clock may run too fast: units come back by the slowest that the book's may be.
        for (var i = 0; i < _lines.Length; i++)
        {
            _lines[i].Apply(lease.Lines[i] with { Rate = lease.Lines[i].Rate * (1 - _policy.ClockMargin / _policy.Duration) }, now);
        }

        return true;
    }

    /// <summary>Lets time pass, never backwards; a lease that ended on the way is void.</summary>
    private Instant Advance(Instant now)
    {
        _latest = Instant.Max(_latest, now);
        if (_isValid && _latest >= _expiresAt)
        {
            Lapse(_expiresAt);
        }

        return _latest;
    }

    /// <summary>A time by the book's clock that is not later than one by this clock, however far they drifted apart since.</summary>
    public Instant ByBook(Instant here)
    {
        var since = here - _anchor.Here;
        return _anchor.Book + since - since.Duration() * (_policy.ClockMargin / (_policy.Duration - _policy.ClockMargin));
    }

    private void Lapse(Instant at)
    {
        _isValid = false;
        foreach (var line in _lines)
        {
            line.Lapse(at);
        }
    }
}
