using System.Collections.Concurrent;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Leasing;
using FuncLimiter.Functions.Entities;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Calls.Spending;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

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
        if (state.Version > OwnerState.Current || ask.Budgets.Count == 0)
        {
            return null;
        }

        var instance = ask.Budgets[0].Ask.Instance;
        var answer = ScopeRecord.Unpack(state.Packed)?.Answers.FirstOrDefault(kept => kept.Instance == instance)?.Answer;
        if (answer is null || !ask.Budgets.All(wanted => IsAnswered(wanted, answer)))
        {
            return null;
        }

        limits.Follow(state.Limits);
        return answer;
    }

    // The answer may lack a budget that the owner doesn't know (any more): nothing is to be waited for then.
    private static bool IsAnswered(BudgetAsk wanted, ScopeAnswer answer) =>
        answer.Budgets.FirstOrDefault(lease => lease.Budget == wanted.Budget) is not { } lease || lease.Lease.Answers >= wanted.Ask.Sequence;
}

/// <summary>Renews this instance's leases and its parts of spending budgets while the process lives, and gives them back at its end.</summary>
internal sealed class RenewalService(
    EmbeddedLimiter limiter, ILeaseOwners owners, SpendDesk desk, ISpendOwners spendOwners, TimeProvider time, ILogger<RenewalService> logger)
    : BackgroundService
{
    private static readonly TimeSpan LongestGoodbye = TimeSpan.FromSeconds(5);

    private readonly LeaseRenewal _leases = new(limiter, owners, time, (scope, failure) => Tell(logger, scope, failure));
    private readonly SpendRenewal _spending = new(desk, spendOwners, time, (budget, failure) => Tell(logger, budget, failure));

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        enough.CancelAfter(LongestGoodbye);
        await Task.WhenAll(_leases.LeaveAsync(enough.Token), _spending.LeaveAsync(enough.Token));
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(_leases.RunAsync(stoppingToken), _spending.RunAsync(stoppingToken));

    private static void Tell(ILogger logger, string owned, Exception failure) =>
        logger.LogWarning(failure, "No part of {Owned} could be had; calls go out as far as what is held allows.", owned);
}

/// <summary>
/// Limits that operators set while the app runs. Owners of budgets go by them in place of the configuration's, and this instance shows them and
/// counts by them.
/// </summary>
/// <param name="limiter">This instance's limiter.</param>
/// <param name="source">What the configuration says.</param>
internal sealed class OwnersLimits(EmbeddedLimiter limiter, LeaseSource source)
{
    private readonly ConcurrentDictionary<string, long> _known = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IReadOnlyList<Limit>> _limits = source.Spec.Deployments
        .ToDictionary(static deployment => $"deployment:{deployment.Id}", static deployment => deployment.Limits, StringComparer.Ordinal);

    /// <summary>Follows what an owner goes by.</summary>
    /// <param name="limits">Its limits; null where it goes by the configuration.</param>
    public void Follow(ScopeLimits? limits)
    {
        foreach (var (budget, amounts) in limits?.Amounts ?? new Dictionary<string, long[]>())
        {
            if (!_limits.TryGetValue(budget, out var configured) || amounts.Length != configured.Count || _known.GetValueOrDefault(budget) == limits!.Sequence)
            {
                continue;
            }

            _known[budget] = limits.Sequence;
            foreach (var (limit, amount) in configured.Zip(amounts).Where(static pair => !pair.First.IsSlice))
            {
                long? read = amount >= Limit.Unbounded ? null : Math.Max(1, amount);
                limiter.Control((controls, now) => controls.TakeUp(budget, limit.Dimension, limit.Window, read, now));
            }
        }
    }
}
