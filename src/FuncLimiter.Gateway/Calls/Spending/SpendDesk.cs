using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Core.Spending;
using FuncLimiter.Gateway.Calls.Admission;

namespace FuncLimiter.Gateway.Calls.Spending;

/// <summary>
/// Holds money, tokens and calls for what goes out, in a book of this process. What is held of a budget that refuses is stored before a call
/// goes out, where there is a store: a crash forgets none of it.
/// </summary>
internal sealed partial class SpendDesk
{
    private static readonly TimeSpan RunIsOver = TimeSpan.FromHours(1);
    private static readonly TimeSpan SweepEvery = TimeSpan.FromMinutes(1);

    private readonly SpendBook _book;
    private readonly TimeProvider _time;
    private readonly ISpendStore? _store;
    private readonly ISpendOwners? _owners;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, SpendChange> _changes = new(StringComparer.Ordinal);
    private readonly HashSet<SpendAccount> _unstored = [];
    private readonly List<string> _over = [];
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);
    private TaskCompletionSource? _batch;
    private Instant _sweptAt;

    public SpendDesk(SpendBook book, TimeProvider time, ISpendStore? store = null, ISpendOwners? owners = null) =>
        (_book, _time, _store, _owners) = (book, time, store, owners);

    /// <summary>Told when something is to be stored before a call may go out.</summary>
    internal Wakeup StoreWanted { get; } = new();

    /// <summary>Told when an owner of budgets is to be asked.</summary>
    internal Wakeup AskWanted { get; } = new();

    /// <summary>The budgets of now.</summary>
    internal IReadOnlyList<SpendCap> Caps => _book.Caps;

    /// <summary>Whether any budget is configured.</summary>
    internal bool HasCaps => _book.Caps.Count > 0;

    /// <summary>Whether accounts or models have budgets.</summary>
    internal bool BoundsPlaces => _book.Bounds(SpendSubject.Account, SpendSubject.Model);

    private Instant Wall => Instant.From(_time.GetUtcNow());

    /// <summary>Other budgets from now on; what is spent stays spent.</summary>
    internal void Follow(IReadOnlyList<SpendCap> caps)
    {
        lock (_gate)
        {
            _book.Caps = caps;
        }
    }

    /// <summary>Whether any budget bounds a caller.</summary>
    internal bool Bounds(in SpendParty party)
    {
        lock (_gate)
        {
            return HasCaps && _book.Find(party, Wall).Count > 0;
        }
    }

    /// <summary>Holds the most that a call can come to in the budgets of its caller, once it fits them all.</summary>
    /// <param name="party">Whose call it is.</param>
    /// <param name="amount">The most that it can come to.</param>
    /// <param name="isClosing">Whether it is its run's closing call.</param>
    /// <param name="patience">How long it may wait.</param>
    internal async ValueTask<SpendGrant> ReserveAsync(
        SpendParty party, SpendAmount amount, bool isClosing, TimeSpan patience, CancellationToken cancellationToken)
    {
        var begun = _time.GetTimestamp();
        IReadOnlyList<SpendAccount> waits = [];
        using var done = new Leaving(() => Wait(ref waits, [], amount));
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            SpendDecision decision;
            IReadOnlyList<SpendAccount> accounts;
            Task? stored = null;
            SpendChange? changed = null;
            lock (_gate)
            {
                accounts = _book.Find(party, Wall);
                decision = SpendBook.Reserve(accounts, amount, isClosing, Wall);
                if (decision.Hold is { } hold)
                {
                    stored = Store(hold);
                }
                else
                {
                    Wait(ref waits, accounts, amount);
                    changed = Change(decision.Binds!.Name);
                }
            }

            if (decision.Hold is { } held)
            {
                return await StoredAsync(held, stored) ? new(held, new SpendNotice(this, accounts), null) : new(null, new SpendNotice(this, accounts), NotStored);
            }

            var binds = decision.Binds!;
            var bears = decision.MayFit || patience < binds.Cap.WaitsForRaise ? patience : binds.Cap.WaitsForRaise;
            if (!await changed!.WaitAsync(bears - _time.GetElapsedTime(begun), _time, cancellationToken))
            {
                return new(null, new SpendNotice(this, accounts), RefusalOf(decision, amount));
            }
        }
    }

    /// <summary>Holds an amount in the budgets of an account and a model at once, or says which of them lacks it.</summary>
    internal SpendGrant ReservePlace(string account, string model, in SpendAmount amount)
    {
        lock (_gate)
        {
            var accounts = _book.FindPlace(account, model, Wall);
            var decision = SpendBook.Reserve(accounts, amount, false, Wall);
            if (decision.Hold is { } hold)
            {
                _ = Store(hold);
            }

            return new(decision.Hold, new SpendNotice(this, accounts), decision.Hold is null ? RefusalOf(decision, amount) : null);
        }
    }

    /// <summary>Which budget of an account and a model an amount doesn't fit; null where it fits.</summary>
    /// <param name="change">What may make it fit; null where nothing will.</param>
    internal Refusal? Foresee(string account, string model, in SpendAmount amount, out SpendChange? change)
    {
        lock (_gate)
        {
            change = null;
            var decision = SpendBook.Reserve(_book.FindPlace(account, model, Wall), amount, false, Wall);
            if (decision.Hold is { } hold)
            {
                SpendBook.Settle(hold, SpendAmount.None, Wall);
                return null;
            }

            if (decision is { MayFit: true, Binds: { } binds })
            {
                change = Change(binds.Name);
                binds.Expect(amount);
                AskWanted.Set();
            }

            return RefusalOf(decision, amount);
        }
    }

    /// <summary>Puts what a call used in the place of what it held.</summary>
    internal void Settle(SpendHold hold, in SpendAmount used)
    {
        lock (_gate)
        {
            SpendBook.Settle(hold, used, Wall);
            foreach (var account in hold.Accounts)
            {
                _unstored.Add(account);
                Tell(account.Name);
            }
        }
    }

    /// <summary>Gives a budget more for its present period; false where there is none of that name.</summary>
    internal async Task<bool> RaiseAsync(string budget, SpendAmount by, TimeSpan longer)
    {
        Task? stored;
        if (_owners is not null && _book.CapFor(budget) is { IsSoft: false })
        {
            return await _owners.RaiseAsync(new SpendRaise(budget, Guid.NewGuid().ToString("N"), by, longer.Ticks), CancellationToken.None);
        }

        lock (_gate)
        {
            if (_book.Raise(budget, by, longer, Wall) is not { } account)
            {
                return false;
            }

            _unstored.Add(account);
            stored = NextBatch();
            Tell(budget);
        }

        if (stored is not null)
        {
            await stored;
        }

        return true;
    }

    /// <summary>The budgets as they are now, those that are nearest to their end first.</summary>
    /// <param name="tenant">Whose; null for everybody's.</param>
    internal IReadOnlyList<SpendReport> Report(int most, string? tenant = null)
    {
        lock (_gate)
        {
            var now = Wall;
            return
            [
                .. _book.Accounts.Where(account => account.EndsAt > now && (tenant is null || IsOf(account, tenant)))
                    .Select(account => SpendReport.Of(account, now))
                    .OrderByDescending(report => report.Use)
                    .Take(most),
            ];
        }
    }

    /// <summary>
    /// The budgets that only warn and are used up, those that are the farthest over first. A run counts until it has made no call for an hour.
    /// </summary>
    internal IReadOnlyList<SpendReport> ReachedSoft(int most)
    {
        lock (_gate)
        {
            var now = Wall;
            return !_book.Caps.Any(static cap => cap.IsSoft) ? [] :
            [
                .. _book.Accounts.Where(account => account.Cap.IsSoft && account.EndsAt > now && account.Spent.Reaches(account.Limit)
                        && (account.EndsAt.IsKnown || now - account.LastAt < RunIsOver))
                    .Select(account => SpendReport.Of(account, now))
                    .OrderByDescending(static report => report.Use)
                    .Take(most),
            ];
        }
    }

    /// <summary>The budgets that bound a caller; none of them begins by it.</summary>
    internal IReadOnlyList<SpendReport> Report(in SpendParty party)
    {
        lock (_gate)
        {
            var now = Wall;
            return HasCaps ? [.. _book.Find(party, now, begins: false).Select(account => SpendReport.Of(account, now))] : [];
        }
    }

    /// <summary>One budget as it is now.</summary>
    internal SpendReport Report(SpendAccount account)
    {
        lock (_gate)
        {
            return SpendReport.Of(account, Wall);
        }
    }

    /// <summary>The asks that are due to the owners of budgets that instances share.</summary>
    internal IReadOnlyList<SpendAsk> TakeAsks()
    {
        lock (_gate)
        {
            Sweep();
            return [.. _book.Accounts.Where(account => account.Lease is not null && _asked.Add(account.Name)).Select(account =>
            {
                var ask = account.Lease!.TakeAsk(Wall);
                if (ask is null)
                {
                    _asked.Remove(account.Name);
                }

                return ask;
            }).OfType<SpendAsk>()];
        }
    }

    /// <summary>Takes up what an owner says; null where it said nothing in time.</summary>
    internal void Answered(SpendAsk ask, SpendOwnerState? state, Instant askedAt)
    {
        lock (_gate)
        {
            _asked.Remove(ask.Budget);
            if (_book.Accounts.FirstOrDefault(account => account.Name == ask.Budget)?.Lease is { } lease)
            {
                if (state is null || !lease.Take(state, ask, askedAt))
                {
                    lease.Miss();
                }

                Tell(ask.Budget);
            }
        }
    }

    /// <summary>The asks that give back all that is not used.</summary>
    internal IReadOnlyList<SpendAsk> Leave()
    {
        lock (_gate)
        {
            return [.. _book.Accounts.Where(account => account.Lease is not null).Select(account => account.Lease!.Leave())];
        }
    }

    // Tells the owners of budgets what calls wait for.
    private void Wait(ref IReadOnlyList<SpendAccount> before, IReadOnlyList<SpendAccount> now, in SpendAmount amount)
    {
        lock (_gate)
        {
            foreach (var account in before.Where(account => account.Lease is not null))
            {
                account.Lease!.Waiting -= amount;
            }

            foreach (var account in now.Where(account => account.Lease is not null))
            {
                account.Lease!.Waiting += amount;
                AskWanted.Set();
            }

            before = now;
        }
    }

    private sealed class Leaving(Action leave) : IDisposable
    {
        public void Dispose() => leave();
    }

    private static readonly Refusal NotStored = new(RefusalReason.NotKept, string.Empty, Instant.Unknown);

    private static bool IsOf(SpendAccount account, string tenant)
    {
        var key = account.Name[(account.Name.LastIndexOf($"{account.Cap.For}:".ToLowerInvariant(), StringComparison.Ordinal) + account.Cap.For.ToString().Length + 1)..];
        return account.Cap.For switch
        {
            SpendSubject.Account or SpendSubject.Model => false,
            SpendSubject.Tenant => key == tenant,
            _ => key.StartsWith($"{tenant}/", StringComparison.Ordinal),
        };
    }

    private void Tell(string budget)
    {
        if (_changes.Remove(budget, out var change))
        {
            change.Tell();
        }
    }

    private void Sweep()
    {
        if (Wall - _sweptAt > SweepEvery)
        {
            _sweptAt = Wall;
            _over.AddRange(_book.Sweep(Wall));
        }
    }

    private Refusal RefusalOf(SpendDecision decision, in SpendAmount needs)
    {
        var binds = decision.Binds!;
        var now = Wall;
        var isRun = binds.Cap.Per == SpendPeriod.Run;

        // A run's budget comes back by a person's word alone.
        var retryAt = binds.EndsAt.IsKnown ? SteadyClock.Of(_time).FromWall(binds.EndsAt.ToDateTimeOffset())
            : binds.Cap.WaitsForRaise > TimeSpan.Zero ? SteadyClock.Of(_time).Now + TimeSpan.FromMinutes(1)
            : Instant.Never;
        return new Refusal(RefusalReason.Spent, binds.Name, retryAt)
        {
            Dimension = decision.Dimension,
            Shortage = new SpendShortage(binds.Left, binds.TimeLeft(now), needs)
            {
                IsRun = isRun,
                KeepsClosing = isRun && binds.Cap.KeptForClosing > 0 && !binds.IsClosing,
            },
        };
    }
}
