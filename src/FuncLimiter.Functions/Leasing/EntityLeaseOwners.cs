using FuncLimiter.Core.Leasing;
using FuncLimiter.Functions.Entities;
using FuncLimiter.Gateway.Calls.Admission;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Functions.Leasing;

/// <summary>
/// Asks the entities that own budgets: by a signal, one operation of the entity, and by reading its state until the answer is in it. An
/// orchestration that called the entity would cost a dozen storage transactions more for each ask, and seconds where its queues back off.
/// </summary>
internal sealed class EntityLeaseOwners(DurableClientSource clients, LeaseSource source, OwnersLimits limits, TimeProvider time) : ILeaseOwners
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
                limits.Follow(found.State.Limits);
                return answer;
            }
        }

        return null;
    }
}

/// <summary>Renews this instance's leases while the process lives, and gives them back at its end.</summary>
internal sealed class LeaseService(EmbeddedLimiter limiter, ILeaseOwners owners, TimeProvider time, ILogger<LeaseService> logger) : BackgroundService
{
    private static readonly TimeSpan LongestGoodbye = TimeSpan.FromSeconds(5);

    private readonly LeaseRenewal _renewal = new(limiter, owners, time, (scope, failure) =>
        logger.LogWarning(failure, "No lease of {Scope} could be had; calls go out as far as what is held allows.", scope));

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        enough.CancelAfter(LongestGoodbye);
        await _renewal.LeaveAsync(enough.Token);
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => _renewal.RunAsync(stoppingToken);
}

/// <summary>
/// The durable client for what runs beside functions. The worker hands clients to functions only; one that it handed out is good for as long
/// as the process lives.
/// </summary>
internal sealed class DurableClientSource
{
    private readonly TaskCompletionSource<DurableTaskClient> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Keeps the first client that a function was handed.</summary>
    public void Use(DurableTaskClient client) => _first.TrySetResult(client);

    /// <summary>The client, as soon as the first function of this process has run.</summary>
    public Task<DurableTaskClient> GetAsync(CancellationToken cancellationToken) =>
        _first.Task.IsCompleted ? _first.Task : _first.Task.WaitAsync(cancellationToken);
}
