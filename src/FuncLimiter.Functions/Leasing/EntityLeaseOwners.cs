using FuncLimiter.Core.Leasing;
using FuncLimiter.Functions.Entities;
using FuncLimiter.Gateway.Calls.Admission;

namespace FuncLimiter.Functions.Leasing;

/// <summary>Asks the entities that own limits for leases.</summary>
internal sealed class EntityLeaseOwners(EntityQuestions entities, LeaseSource source, OwnersLimits limits) : ILeaseOwners
{
    private long _asked;

    /// <summary>How many operations were asked of entities since the start.</summary>
    public long Asked => Interlocked.Read(ref _asked);

    /// <inheritdoc/>
    public Task<ScopeAnswer?> AskAsync(ScopeAsk ask, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _asked);
        return entities.AskAsync<OwnerState, ScopeAnswer>(
            BudgetOperations.Owner(ask.Scope), BudgetOperations.Lease, ask, state => Find(state, ask), source.Policy.AnswerWithin, cancellationToken);
    }

    private ScopeAnswer? Find(OwnerState state, ScopeAsk ask)
    {
        if (BudgetAnswers.Find(state, ask) is not { } answer)
        {
            return null;
        }

        limits.Follow(state.Limits);
        return answer;
    }
}
