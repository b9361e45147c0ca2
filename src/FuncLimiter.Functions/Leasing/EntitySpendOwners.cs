using FuncLimiter.Core.Spending;
using FuncLimiter.Functions.Entities;
using FuncLimiter.Gateway.Calls.Spending;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Entities;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Functions.Leasing;

/// <summary>Asks the entities that own spending budgets, as <see cref="EntityLeaseOwners"/> asks those that own limits.</summary>
internal sealed class EntitySpendOwners(DurableClientSource clients, TimeProvider time) : ISpendOwners
{
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FirstLook = TimeSpan.FromMilliseconds(60);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(0.5);

    /// <inheritdoc/>
    public async Task<SpendOwnerState?> AskAsync(SpendAsk ask, CancellationToken cancellationToken)
    {
        var client = await clients.GetAsync(cancellationToken);
        var owner = SpendEntity.Owner(ask.Budget);
        var begun = time.GetTimestamp();
        await client.Entities.SignalEntityAsync(owner, SpendEntity.Ask, ask, null, cancellationToken);
        for (var pause = FirstLook; time.GetElapsedTime(begun) < AnswerWithin; pause = pause * 1.5 < LongestPause ? pause * 1.5 : LongestPause)
        {
            await Task.Delay(pause, time, cancellationToken);
            if (await client.Entities.GetEntityAsync<SpendOwnerState>(owner, true, cancellationToken) is { IncludesState: true, State: { } state }
                && state.Holders.TryGetValue(ask.Instance, out var own) && own.Sequence >= ask.Sequence)
            {
                if (ask.Sequence == 1)
                {
                    await ForgetLaterAsync(client, owner, state, cancellationToken);
                }

                return state;
            }
        }

        return null;
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

    // Whoever begins with a budget has its entity cleared away once that is over.
    private Task ForgetLaterAsync(DurableTaskClient client, EntityInstanceId owner, SpendOwnerState state, CancellationToken cancellationToken)
    {
        var end = new Core.Budgets.Instant(state.EndTicks);
        var at = end.IsKnown ? end.ToDateTimeOffset().AddMinutes(1) : time.GetUtcNow() + SpendBook.RunsKept + TimeSpan.FromDays(1);
        return client.Entities.SignalEntityAsync(owner, SpendEntity.Forget, null, new SignalEntityOptions { SignalTime = at }, cancellationToken);
    }
}

/// <summary>Keeps this instance's parts of spending budgets while the process lives, and gives them back at its end.</summary>
internal sealed class SpendLeaseService(SpendDesk desk, ISpendOwners owners, TimeProvider time, ILogger<SpendLeaseService> logger) : BackgroundService
{
    private static readonly TimeSpan LongestGoodbye = TimeSpan.FromSeconds(5);

    private readonly SpendRenewal _renewal = new(desk, owners, time, (budget, failure) =>
        logger.LogWarning(failure, "No part of {Budget} could be had; calls go out as far as what is held allows.", budget));

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
