using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Spending;

/// <summary>An instance's part in a budget that it shares with others: it spends no more in all than the owner granted it.</summary>
public sealed class SpendLease
{
    private static readonly TimeSpan RefreshEvery = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Busy = TimeSpan.FromSeconds(2);

    /// <summary>A busy instance has this share of what is left granted ahead of its calls.</summary>
    private const double Ahead = 1 / 16.0;

    private readonly SpendAccount _account;
    private readonly string _instance;
    private int _epoch;
    private long _sequence;
    private SpendAmount _before;
    private SpendAmount _granted;
    private SpendAmount _othersSpent;
    private SpendAmount _closingWanted;
    private Instant _askedAt;
    private Instant _endsAt;
    private bool _isTold;
    private bool _hasClosing;
    private bool _reopens;
    private bool _isWanted;
    private bool _isShort;
    private SpendAmount _expected;

    internal SpendLease(SpendAccount account, string instance) => (_account, _instance) = (account, instance);

    /// <summary>What others have spent, or were granted.</summary>
    internal SpendAmount OthersTook { get; private set; }

    /// <summary>What calls wait for.</summary>
    public SpendAmount Waiting { get; set; }

    private string Name => $"{_instance}.{_epoch}";

    // What was spent since this instance took its present name.
    private SpendAmount Used => _account.Spent - _before;

    /// <summary>The ask that is due; null where there is nothing to ask.</summary>
    public SpendAsk? TakeAsk(Instant now)
    {
        var holds = _granted != Used || _account.IsInUse;
        var isDue = _isWanted ? !_isShort || now - _askedAt >= AskAgain : holds && now - _askedAt >= RefreshEvery;
        if (!isDue)
        {
            return null;
        }

        if (_isTold && now >= _endsAt)
        {
            // The time of its part is over, so the owner may have counted all of it as spent: the instance goes on under a new name, with nothing granted.
            _epoch++;
            (_before, _granted, _isTold) = (_account.Spent + _account.Held, SpendAmount.None, false);
        }

        (_askedAt, _isWanted) = (now, false);
        var ahead = now - _account.LastAt < Busy && _isTold ? _account.Left.Times(Ahead) : SpendAmount.None;
        var needs = SpendAmount.Max(Used + Held, SpendAmount.None) + Waiting + _expected + new SpendAmount(Bounded(ahead.Cost), Bounded(ahead.Tokens), Bounded(ahead.Calls));
        _expected = SpendAmount.None;
        _granted = SpendAmount.Min(_granted, needs);
        var ask = new SpendAsk(_account.Name, Name, ++_sequence, SpendAmount.Max(Used, SpendAmount.None), needs, _closingWanted, _reopens);
        _reopens = false;
        return ask;
    }

    /// <summary>Takes up the owner's answer; one to an earlier ask changes nothing.</summary>
    /// <param name="state">The owner's state.</param>
    /// <param name="ask">The ask that it answers.</param>
    /// <param name="askedAt">When that was sent.</param>
    /// <returns>Whether it was taken up.</returns>
    public bool Take(SpendOwnerState state, SpendAsk ask, Instant askedAt)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(ask);
        if (ask.Instance != Name || ask.Sequence != _sequence || !state.Holders.TryGetValue(Name, out var own) || own.Sequence < ask.Sequence)
        {
            return false;
        }

        _account.Follow(state);
        _granted = own.Granted;
        OthersTook = SpendOwner.Taken(state) - SpendAmount.Max(own.Granted, own.Used) - _before;
        _othersSpent = SpendOwner.Spent(state) - own.Used - _before;
        _hasClosing |= own.IsClosing && _closingWanted != SpendAmount.None;
        _closingWanted = SpendAmount.None;
        (_endsAt, _isTold) = (askedAt + SpendOwner.Duration, true);
        _isShort = !ask.Needs.FitsIn(_granted);
        return true;
    }

    /// <summary>No answer came: it is asked again.</summary>
    public void Miss() => (_isWanted, _isShort) = (true, true);

    /// <summary>A call could go out here that may come to an amount.</summary>
    internal void Expect(in SpendAmount amount) => (_expected, _isWanted) = (SpendAmount.Max(_expected, amount), true);

    /// <summary>The ask that gives back what is granted and not used, at the instance's end.</summary>
    public SpendAsk Leave()
    {
        Waiting = SpendAmount.None;
        return new SpendAsk(_account.Name, Name, ++_sequence, SpendAmount.Max(Used, SpendAmount.None), SpendAmount.Max(Used + Held, SpendAmount.None), SpendAmount.None, false);
    }

    internal SpendFit Try(in SpendAmount amount, bool isClosing, Instant now)
    {
        var stands = _isTold && now < _endsAt;
        if (isClosing && stands && _hasClosing)
        {
            return SpendFit.Fits;
        }

        if (isClosing && !(_isTold && _account.IsClosing))
        {
            (_closingWanted, _isWanted) = (amount, true);
            return !_isTold || (_othersSpent + _account.Spent).IsBelow(_account.Limit) ? SpendFit.FitsLater : SpendFit.Spent;
        }

        if (stands && (Used + Held + amount).FitsIn(_granted))
        {
            return SpendFit.Fits;
        }

        _isWanted = true;
        return !_isTold || (_othersSpent + _account.Spent + amount).FitsIn(_account.Ordinary) ? SpendFit.FitsLater : SpendFit.Spent;
    }

    internal bool TakeClosing()
    {
        var had = _hasClosing;
        _hasClosing = false;
        return had;
    }

    internal void Reopen() => (_reopens, _isWanted) = (true, true);

    private SpendAmount Held => _account.Held;

    private static long Bounded(long amount) => amount > SpendAmount.Unbounded / 64 ? 0 : amount;
}
