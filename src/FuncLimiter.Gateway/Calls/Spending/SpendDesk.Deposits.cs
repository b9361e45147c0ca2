using FuncLimiter.Core.Spending;

namespace FuncLimiter.Gateway.Calls.Spending;

/// <content>What is held for calls that are answered hours later, by a provider's batch service. It outlasts the process.</content>
internal sealed partial class SpendDesk
{
    private readonly Dictionary<string, Dictionary<int, SpendHold>> _deposits = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Owner, int Place), SpendDeposit?> _unstoredDeposits = [];

    /// <summary>What calls wait in for which something is held.</summary>
    internal IReadOnlyList<string> Depositors
    {
        get
        {
            lock (_gate)
            {
                return [.. _deposits.Keys];
            }
        }
    }

    /// <summary>Holds the most that a call can come to in every budget that bounds it, or in none; once for one place. Done means it is stored.</summary>
    /// <param name="owner">What it waits in.</param>
    /// <param name="place">Its place there.</param>
    /// <param name="call">Whose call it is, and where it goes.</param>
    /// <param name="amount">The most that it can come to.</param>
    /// <returns>Whether it is held.</returns>
    internal async Task<bool> DepositAsync(string owner, int place, SpendCall call, SpendAmount amount)
    {
        SpendHold? hold;
        Task? stored;
        lock (_gate)
        {
            if (!HasCaps || (_deposits.TryGetValue(owner, out var known) && known.ContainsKey(place)))
            {
                return true;
            }

            IReadOnlyList<SpendAccount> accounts = [.. Bounding(call)];
            hold = SpendBook.Reserve(accounts, amount, false, Wall, isDeposit: true).Hold;
            if (hold is null || accounts.Count == 0)
            {
                return hold is not null;
            }

            Keep(owner, place, hold);
            _unstoredDeposits[(owner, place)] = new SpendDeposit(owner, place, amount, [.. accounts.Select(account => new DepositPart(account.Name, account.EndsAt.Ticks))]);
            _ = Store(hold);
            stored = NextBatch();
        }

        if (await StoredAsync(hold, stored))
        {
            return true;
        }

        lock (_gate)
        {
            Take(owner, place);
        }

        return false;
    }

    /// <summary>Puts what a call used in the place of what is held for it, where anything is.</summary>
    /// <param name="owner">What it waited in.</param>
    /// <param name="place">Its place there.</param>
    /// <param name="used">What it used; null where nobody told: all that was held.</param>
    internal void EndDeposit(string owner, int place, SpendAmount? used)
    {
        SpendHold? hold;
        lock (_gate)
        {
            hold = Take(owner, place);
        }

        if (hold is not null)
        {
            Settle(hold, used ?? hold.Amount);
        }
    }

    /// <summary>Ends all that is held for the calls that waited in one thing.</summary>
    /// <param name="owner">What they waited in.</param>
    /// <param name="isSpent">Whether it counts as spent, for they may have been answered.</param>
    internal void EndDeposits(string owner, bool isSpent)
    {
        int[] places;
        lock (_gate)
        {
            places = _deposits.TryGetValue(owner, out var holds) ? [.. holds.Keys] : [];
        }

        foreach (var place in places)
        {
            EndDeposit(owner, place, isSpent ? null : SpendAmount.None);
        }
    }

    /// <summary>Counts what a call used, that nothing was held for, in the budgets of its caller that only warn.</summary>
    internal void CountSoft(SpendCall call, SpendAmount used)
    {
        lock (_gate)
        {
            var soft = Bounding(call).Where(static account => account.Cap.IsSoft).ToList();
            SpendBook.Settle(SpendBook.Reserve(soft, SpendAmount.None, false, Wall).Hold!, used, Wall);
        }
    }

    /// <summary>The names of the budgets that refuse and bound a call.</summary>
    internal IReadOnlyList<string> Refusing(SpendCall call)
    {
        lock (_gate)
        {
            return [.. Bounding(call).Where(static account => !account.Cap.IsSoft).Select(static account => account.Name)];
        }
    }

    private IEnumerable<SpendAccount> Bounding(SpendCall call) => _book.Find(call.Party, Wall).Concat(_book.FindPlace(call.Account, call.Model, Wall));

    private SpendHold? Take(string owner, int place)
    {
        if (!_deposits.TryGetValue(owner, out var holds) || !holds.Remove(place, out var hold))
        {
            return null;
        }

        if (holds.Count == 0)
        {
            _deposits.Remove(owner);
        }

        _unstoredDeposits[(owner, place)] = null;
        return hold;
    }

    private void Keep(string owner, int place, SpendHold hold)
    {
        if (!_deposits.TryGetValue(owner, out var holds))
        {
            _deposits[owner] = holds = [];
        }

        holds[place] = hold;
    }
}

/// <summary>Whose call it is, and where it goes.</summary>
/// <param name="Party">Whose.</param>
/// <param name="Account">The account that takes it.</param>
/// <param name="Model">The model there.</param>
internal readonly record struct SpendCall(SpendParty Party, string Account, string Model);
