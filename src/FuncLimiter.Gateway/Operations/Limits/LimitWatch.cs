using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Providers.Limits;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Gateway.Operations.Limits;

/// <summary>
/// Reads the limits of accounts that name a source, before the first call and on their schedules, and has the limiter go by them. What can't
/// be read stops nothing: what was told before stands, and until something was, limits that nobody wrote begin carefully.
/// </summary>
internal sealed partial class LimitWatch(
    GatewayConfiguration configuration, LimitReader reader, LimitBoard board, ControlDesk desk, TimeProvider time, ILogger<LimitWatch> logger)
    : BackgroundService
{
    private static readonly TimeSpan SoonAgain = TimeSpan.FromSeconds(30);

    private readonly IReadOnlyList<AccountConfiguration> _accounts = [.. configuration.Accounts.Where(static account => account.LimitSource is not null)];

    /// <inheritdoc/>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAll(_accounts.Select(account => ReadAsync(account, cancellationToken)));
        await base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(_accounts.Select(account => FollowAsync(account, stoppingToken)));

    private async Task FollowAsync(AccountConfiguration account, CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var every = account.LimitSource!.Every;
            var pause = board.Of(account.Id)?.Fault is not null && every > SoonAgain ? SoonAgain : every;
            await Task.Delay(pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!stoppingToken.IsCancellationRequested)
            {
                await ReadAsync(account, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task ReadAsync(AccountConfiguration account, CancellationToken cancellationToken)
    {
        var before = board.Of(account.Id);
        var told = await reader.ReadAsync(account, cancellationToken);
        var state = board.Show(account, told, time.GetUtcNow());
        if (told.Fault is { } fault && before?.Fault != fault)
        {
            LogFault(account.Id, state.Name, fault);
        }

        if (told.Limits is null)
        {
            return;
        }

        foreach (var limit in LimitTakeUp.Of(account, told.Limits))
        {
            desk.Change((controls, now) => controls.TakeUp(limit.Budget, limit.Limit.Dimension, limit.Limit.Window, limit.Amount, now));
        }

        // An answer that lacks a part may lack this one.
        foreach (var gone in told.Fault is null ? LimitTakeUp.Gone(account, told.Limits) : [])
        {
            if (desk.Change((controls, now) => controls.Withdraw(gone.Budget, gone.Limit.Dimension, gone.Limit.Window, now)))
            {
                board.Withdraw(account.Id, gone);
            }
        }

        if (before?.Limits is null || (before.Fault is not null && told.Fault is null))
        {
            LogRead(account.Id, state.Name, told.Limits.Limits.Count);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The limits of {Account} can't be read from {Source}: {Fault}. What was told before stands.")]
    private partial void LogFault(string account, string source, string fault);

    [LoggerMessage(LogLevel.Information, "{Account}: {Source} tells {Count} limits.")]
    private partial void LogRead(string account, string source, int count);
}

/// <summary>From what a provider's API told to what its account's budgets go by.</summary>
internal static class LimitTakeUp
{
    /// <summary>
    /// What was told of the limits that the account's deployments have; what is not counted here is left out. Of a model that has an entry, an
    /// open limit that the entry does not name does not exist.
    /// </summary>
    public static IEnumerable<ToldLimit> Of(AccountConfiguration account, ReadLimits told)
    {
        foreach (var model in account.Models)
        {
            var limits = told.Of(model.Model);
            foreach (var limit in limits.Count == 0 ? [] : model.Limits.Where(static limit => !limit.IsSlice))
            {
                var named = limits.FirstOrDefault(one => one.Dimension == limit.Dimension && one.Window == limit.Window);
                if (named is not null || limit.IsOpen)
                {
                    // A told limit of 0 counts as 1: a call must go out to meet the provider's refusal, which says why.
                    yield return new($"deployment:{account.Id}/{model.Model}", limit, named?.Amount is { } amount ? Math.Max(1, amount) : null);
                }
            }
        }
    }

    /// <summary>Limits that a person wrote and that were told nothing of.</summary>
    public static IEnumerable<ToldLimit> Gone(AccountConfiguration account, ReadLimits told) =>
        from model in account.Models
        let named = told.Of(model.Model)
        from limit in model.Limits
        where !limit.IsOpen && !limit.IsSlice && !named.Any(one => one.Dimension == limit.Dimension && one.Window == limit.Window)
        select new ToldLimit($"deployment:{account.Id}/{model.Model}", limit, null);
}

/// <summary>What was told of one limit.</summary>
/// <param name="Budget">The budget's name.</param>
/// <param name="Limit">The limit as configured.</param>
/// <param name="Amount">The amount for a window, at least 1; null for no limit.</param>
internal sealed record ToldLimit(string Budget, Limit Limit, long? Amount)
{
    /// <summary>Whether another is of the same limit.</summary>
    public bool IsSame(ToldLimit other) => other.Budget == Budget && other.Limit.Dimension == Limit.Dimension && other.Limit.Window == Limit.Window;
}
