using FuncLimiter.Core.Leasing;
using FuncLimiter.Functions.Entities;
using FuncLimiter.Gateway.Admission;

namespace FuncLimiter.Functions.Leasing;

/// <summary>
/// Asks the entities that own budgets: by a signal, one operation of the entity, and by reading its state until the answer is in it. An
/// orchestration that called the entity would cost a dozen storage transactions more for each ask, and seconds where its queues back off.
/// </summary>
internal sealed class EntityLeaseOwners(DurableClientSource clients, LeaseSource source, TimeProvider time) : ILeaseOwners
{
    private static readonly TimeSpan FirstLook = TimeSpan.FromMilliseconds(60);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(0.5);

    private long _asked;

    /// <summary>How many operations were asked of entities since the start.</summary>
    public long Asked => Interlocked.Read(ref _asked);

    /// <inheritdoc/>
    public async Task<ScopeAnswer?> AskAsync(ScopeAsk ask, CancellationToken cancellationToken)
    {
        var client = await clients.GetAsync(cancellationToken);
        var owner = BudgetOperations.Owner(ask.Scope);
        var begun = time.GetTimestamp();
        Interlocked.Increment(ref _asked);
        await client.Entities.SignalEntityAsync(owner, BudgetOperations.Lease, ask, null, cancellationToken);
        for (var pause = FirstLook; time.GetElapsedTime(begun) < source.Policy.AnswerWithin; pause = pause * 1.5 < LongestPause ? pause * 1.5 : LongestPause)
        {
            await Task.Delay(pause, time, cancellationToken);
            if (await client.Entities.GetEntityAsync<OwnerState>(owner, true, cancellationToken) is { IncludesState: true } found
                && BudgetAnswers.Find(found.State, ask) is { } answer)
            {
                return answer;
            }
        }

        return null;
    }
}
