using FuncLimiter.Core.Spending;

namespace FuncLimiter.Gateway.Calls.Spending;

/// <content>What a run is given before it begins.</content>
internal sealed partial class SpendDesk
{
    // An owner ignores a raise whose id it has seen.
    private const string HoldId = "hold";
    private const int MostLooks = 5;

    /// <summary>
    /// Lets a run spend no more than an amount in all, where it has spent nothing yet, and never more than its budget gives. The first hold
    /// stands, and so does what a person gave.
    /// </summary>
    /// <param name="party">Whose run it is.</param>
    /// <returns>The run's budget and what it may spend; null where its runs have no budget that refuses, or the owner of that can't be reached.</returns>
    internal async Task<(string Budget, SpendAmount Limit)?> HoldRunAsync(SpendParty party, SpendAmount most)
    {
        SpendAccount? account;
        SpendAmount limit;
        Task? stored;
        lock (_gate)
        {
            account = RunOf(_book.Find(party, Wall, begins: false));
            if (account is null)
            {
                return null;
            }

            limit = SpendAmount.Min(most, account.Cap.Limit);
            if (_owners is null)
            {
                account = RunOf(_book.Find(party, Wall))!;
                if (account.Raised != SpendAmount.None || account.Spent + account.Held != SpendAmount.None)
                {
                    return (account.Name, account.Limit);
                }

                _book.Raise(account.Name, limit - account.Limit, TimeSpan.Zero, Wall);
                _unstored.Add(account);
            }

            stored = _owners is null ? NextBatch() : null;
        }

        if (_owners is not null)
        {
            return await HoldOwnedAsync(_owners, account, limit) is { } held ? (account.Name, held) : null;
        }

        await (stored ?? Task.CompletedTask);
        return (account.Name, limit);
    }

    // An ask for nothing opens the budget at its owner; the ask after the raise tells that the raise was taken.
    private static async Task<SpendAmount?> HoldOwnedAsync(ISpendOwners owners, SpendAccount account, SpendAmount limit)
    {
        var asker = $"{HoldId}.{Guid.NewGuid():N}";
        var raise = new SpendRaise(account.Name, HoldId, limit - account.Cap.Limit, 0);
        for (var look = 1; look <= MostLooks; look++)
        {
            var ask = new SpendAsk(account.Name, asker, look, SpendAmount.None, SpendAmount.None, SpendAmount.None, false);
            if (await owners.AskAsync(ask, CancellationToken.None) is not { } state)
            {
                continue;
            }

            if (state.Raised != SpendAmount.None || SpendOwner.Taken(state) != SpendAmount.None)
            {
                return account.Cap.Limit + state.Raised;
            }

            await owners.RaiseAsync(raise, CancellationToken.None);
        }

        return null;
    }

    private static SpendAccount? RunOf(List<SpendAccount> accounts) => accounts.Find(static account => account.Cap is { For: SpendSubject.Run, IsSoft: false });
}
