using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Spending;
using FuncLimiter.Functions.Entities;
using FuncLimiter.Gateway.Calls.Spending;
using Microsoft.DurableTask.Entities;

namespace FuncLimiter.Functions.Leasing;

/// <summary>Asks the entities that own spending budgets for parts of them.</summary>
internal sealed class EntitySpendOwners(EntityQuestions entities, DurableClientSource clients, TimeProvider time) : ISpendOwners
{
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public async Task<SpendOwnerState?> AskAsync(SpendAsk ask, CancellationToken cancellationToken)
    {
        var state = await entities.AskAsync<SpendOwnerState, SpendOwnerState>(
            SpendEntity.Owner(ask.Budget),
            SpendEntity.Ask,
            ask,
            state => state.Holders.TryGetValue(ask.Instance, out var own) && own.Sequence >= ask.Sequence ? state : null,
            AnswerWithin,
            cancellationToken);
        if (state is not null && ask.Sequence == 1)
        {
            await ForgetLaterAsync(ask.Budget, state, cancellationToken);
        }

        return state;
    }

    /// <inheritdoc/>
    public async Task<bool> RaiseAsync(SpendRaise raise, CancellationToken cancellationToken)
    {
        var client = await clients.GetAsync(cancellationToken);
        var owner = SpendEntity.Owner(raise.Budget);
        if (await client.Entities.GetEntityAsync<SpendOwnerState>(owner, true, cancellationToken) is not { IncludesState: true, State: not null })
        {
            return false;
        }

        await client.Entities.SignalEntityAsync(owner, SpendEntity.Raise, raise, null, cancellationToken);
        return true;
    }

    /// <inheritdoc/>
    public async Task<SpendOwnerState?> DepositAsync(SpendDepositAsk ask, CancellationToken cancellationToken)
    {
        var state = await entities.AskAsync<SpendOwnerState, SpendOwnerState>(
            SpendEntity.Owner(ask.Budget),
            SpendEntity.Deposit,
            ask,
            state => state.DepositAsks.Contains(ask.Ask) ? state : null,
            AnswerWithin,
            cancellationToken);
        if (state is { Holders.Count: 0 })
        {
            await ForgetLaterAsync(ask.Budget, state, cancellationToken);
        }

        return state;
    }

    /// <inheritdoc/>
    public async Task EndDepositAsync(SpendDepositEnd end, CancellationToken cancellationToken)
    {
        var client = await clients.GetAsync(cancellationToken);
        await client.Entities.SignalEntityAsync(SpendEntity.Owner(end.Budget), SpendEntity.EndDeposit, end, null, cancellationToken);
    }

    // Whoever begins with a budget has its entity cleared away once that is over.
    private async Task ForgetLaterAsync(string budget, SpendOwnerState state, CancellationToken cancellationToken)
    {
        var client = await clients.GetAsync(cancellationToken);
        var end = new Instant(state.EndTicks);
        var at = end.IsKnown ? end.ToDateTimeOffset().AddMinutes(1) : time.GetUtcNow() + SpendBook.RunsKept + TimeSpan.FromDays(1);
        await client.Entities.SignalEntityAsync(SpendEntity.Owner(budget), SpendEntity.Forget, null, new SignalEntityOptions { SignalTime = at }, cancellationToken);
    }
}
