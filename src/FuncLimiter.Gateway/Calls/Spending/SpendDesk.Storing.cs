using FuncLimiter.Core.Spending;

namespace FuncLimiter.Gateway.Calls.Spending;

/// <content>What is kept of what was spent, before calls go out.</content>
internal sealed partial class SpendDesk
{
    /// <summary>Takes on what an earlier process stored.</summary>
    internal void Restore()
    {
        if (_store is null)
        {
            return;
        }

        var (states, deposits) = (_store.Load(), _store.LoadDeposits());
        lock (_gate)
        {
            _book.Restore(states, Wall);
            foreach (var deposit in deposits)
            {
                Keep(deposit.Owner, deposit.Place, _book.Restore(deposit));
            }
        }
    }

    /// <summary>Stores what is not stored yet. Who waits for it is told when it is, or why it is not.</summary>
    internal async Task StoreAsync()
    {
        TaskCompletionSource? batch;
        List<SpendAccount> accounts;
        SpendState[] states;
        string[] over;
        KeyValuePair<(string Owner, int Place), SpendDeposit?>[] deposits;
        lock (_gate)
        {
            Sweep();
            (batch, _batch) = (_batch, null);

            // A call may end in the next period: what is stored under the name is of that.
            accounts = [.. _unstored.Where(_book.IsCurrent)];
            states = [.. accounts.Select(account => account.Save())];
            over = [.. _over];
            deposits = [.. _unstoredDeposits];
            _unstored.Clear();
            _over.Clear();
            _unstoredDeposits.Clear();
        }

        try
        {
            if (_store is not null && states.Length + over.Length + deposits.Length > 0)
            {
                await _store.SaveAsync(new SpendChanges(
                    states,
                    over,
                    [.. deposits.Select(static deposit => deposit.Value).OfType<SpendDeposit>()],
                    [.. deposits.Where(static deposit => deposit.Value is null).Select(static deposit => deposit.Key)]));
            }

            batch?.TrySetResult();
        }
        catch (Exception failure)
        {
            lock (_gate)
            {
                _unstored.UnionWith(accounts);
                _over.AddRange(over);
                foreach (var (key, deposit) in deposits)
                {
                    _unstoredDeposits.TryAdd(key, deposit);
                }
            }

            batch?.TrySetException(failure);
            throw;
        }
    }

    private async ValueTask<bool> StoredAsync(SpendHold hold, Task? stored)
    {
        if (stored is null)
        {
            return true;
        }

        try
        {
            await stored;
            return true;
        }
#pragma warning disable CA1031 // Whatever the store fails with: what can't be kept is not let out.
        catch (Exception)
#pragma warning restore CA1031
        {
            Settle(hold, SpendAmount.None);
            return false;
        }
    }

    // Under the lock. What is only warned of need not be stored before the call.
    private Task? Store(SpendHold hold)
    {
        var mustBe = false;
        foreach (var account in hold.Accounts)
        {
            _unstored.Add(account);
            mustBe |= !account.Cap.IsSoft;
        }

        return mustBe ? NextBatch() : null;
    }

    private Task? NextBatch()
    {
        if (_store is null)
        {
            return null;
        }

        _batch ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        StoreWanted.Set();
        return _batch.Task;
    }

    private SpendChange Change(string budget)
    {
        if (!_changes.TryGetValue(budget, out var change))
        {
            _changes[budget] = change = new SpendChange();
        }

        return change;
    }
}
