using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Leasing;
using FuncLimiter.Functions.Entities;
using FuncLimiter.Functions.Leasing;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Operations.Limits;
using FuncLimiter.Providers.Limits;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Client.Entities;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Functions.Triggers;

/// <summary>
/// Reads the limits of accounts that name a source, and tells the owners of their budgets, who hold the instances to them. On one instance at
/// a time.
/// </summary>
internal sealed class LimitSchedule(
    LeaseSource source,
    LimitReader reader,
    LimitBoard board,
    DurableClientSource clients,
    TimeProvider time,
    ILogger<LimitSchedule> logger)
{
    /// <summary>Reads what is due.</summary>
    /// <param name="client">Tells the owners.</param>
    [Function("ReadLimits")]
    public async Task RunAsync([TimerTrigger("30 * * * * *")] TimerInfo timer, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken)
    {
        clients.Use(client);
        foreach (var account in source.Configuration.Accounts.Where(static account => account.LimitSource is not null))
        {
            var owner = BudgetOperations.Owner(LeaseScope.OfAccount(account.Id));
            var known = (await client.Entities.GetEntityAsync<OwnerState>(owner, true, cancellationToken))?.State.Limits;
            if (known is null || board.Of(account.Id)?.Fault is not null || IsDue(account.LimitSource!.Every))
            {
                await ReadAsync(account, known, client.Entities, cancellationToken);
            }
        }
    }

    /// <summary>The amounts that an account's budgets are to go by, in the order of their limits.</summary>
    internal static Dictionary<string, long[]> Amounts(AccountConfiguration account, ReadLimits told)
    {
        var byBudget = LimitTakeUp.Of(account, told).ToLookup(static limit => limit.Budget, StringComparer.Ordinal);
        return account.Models
            .Select(model => (Budget: $"deployment:{account.Id}/{model.Model}", model.Limits))
            .Where(budget => byBudget.Contains(budget.Budget))
            .ToDictionary(
                static budget => budget.Budget,
                budget => budget.Limits.Select(limit => Amount(limit, byBudget[budget.Budget])).ToArray(),
                StringComparer.Ordinal);
    }

    private static long Amount(Limit limit, IEnumerable<ToldLimit> told)
    {
        var window = limit.IsSlice ? TimeSpan.FromMinutes(1) : limit.Window;
        if (told.FirstOrDefault(one => one.Limit.Dimension == limit.Dimension && one.Limit.Window == window) is not { } found)
        {
            return limit.Amount;
        }

        var amount = found.Amount is not { } known ? Limit.Unbounded : limit.IsSlice ? limit.PartOf(known)!.Value : known;
        return Math.Min(amount, limit.Ceiling);
    }

    // What a person wrote holds again. True where something else did before.
    private static bool Withdraw(AccountConfiguration account, ToldLimit gone, long[] before, long[] amounts)
    {
        var limits = account.Models.Single(model => $"deployment:{account.Id}/{model.Model}" == gone.Budget).Limits;
        var isChanged = false;
        for (var i = 0; i < limits.Count && before.Length == limits.Count && amounts.Length == limits.Count; i++)
        {
            if (limits[i].Dimension == gone.Limit.Dimension && (limits[i].Window == gone.Limit.Window || (limits[i].IsSlice && gone.Limit.Window == TimeSpan.FromMinutes(1))))
            {
                isChanged |= before[i] != limits[i].Amount;
                amounts[i] = limits[i].Amount;
            }
        }

        return isChanged;
    }

    // Timers run each minute, at no instance's own pace.
    private bool IsDue(TimeSpan every) => time.GetUtcNow().ToUnixTimeSeconds() / 60 % Math.Max(1, (long)Math.Ceiling(every.TotalMinutes)) == 0;

    private async Task ReadAsync(AccountConfiguration account, ScopeLimits? known, DurableEntityClient owners, CancellationToken cancellationToken)
    {
        var told = await reader.ReadAsync(account, cancellationToken);
        var state = board.Show(account, told, time.GetUtcNow());
        if (told.Limits is null)
        {
            logger.LogWarning("The limits of {Account} can't be read from {Source}: {Fault}. What was told before stands.", account.Id, state.Name, told.Fault);
            return;
        }

        var amounts = Amounts(account, told.Limits);
        foreach (var (budget, before) in known?.Amounts ?? new Dictionary<string, long[]>())
        {
            amounts.TryAdd(budget, [.. before]);
        }

        foreach (var gone in told.Fault is null ? LimitTakeUp.Gone(account, told.Limits) : [])
        {
            if (known?.Amounts.GetValueOrDefault(gone.Budget) is { } before && amounts.TryGetValue(gone.Budget, out var now) && Withdraw(account, gone, before, now))
            {
                board.Withdraw(account.Id, gone);
            }
        }

        // Opening a scope's books anew is not for nothing.
        if (amounts.Count == 0 || (known is not null && known.Amounts.Count == amounts.Count
            && amounts.All(pair => known.Amounts.TryGetValue(pair.Key, out var before) && before.AsSpan().SequenceEqual(pair.Value))))
        {
            return;
        }

        var sequence = Math.Max(time.GetUtcNow().ToUnixTimeMilliseconds(), (known?.Sequence ?? 0) + 1);
        await owners.SignalEntityAsync(
            BudgetOperations.Owner(LeaseScope.OfAccount(account.Id)), BudgetOperations.Configure, new ScopeLimits(sequence, amounts), null, cancellationToken);
        logger.LogInformation("{Account}: {Source} tells other limits, which its budgets go by now.", account.Id, state.Name);
    }
}
