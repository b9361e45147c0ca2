using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Gateway.Operations.Limits;

/// <summary>
/// Reads the limits of accounts that name a source, before the first call and on their schedules, and has the limiter go by them. What can't
/// be read stops nothing: what was told before stands, and until something was, limits that nobody wrote begin carefully.
/// </summary>
public sealed partial class LimitWatch : BackgroundService
{
    private static readonly TimeSpan SoonAgain = TimeSpan.FromSeconds(30);

    private readonly IReadOnlyList<AccountConfiguration> _accounts;
    private readonly LimitReader _reader;
    private readonly LimitBoard _board;
    private readonly ControlDesk _desk;
    private readonly TimeProvider _time;
    private readonly ILogger<LimitWatch> _logger;

    internal LimitWatch(
        GatewayConfiguration configuration, LimitReader reader, LimitBoard board, ControlDesk desk, TimeProvider time, ILogger<LimitWatch> logger)
    {
        _accounts = [.. configuration.Accounts.Where(static account => account.LimitSource is not null)];
        (_reader, _board, _desk, _time, _logger) = (reader, board, desk, time, logger);
    }

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
            var pause = _board.Of(account.Id)?.Fault is not null && every > SoonAgain ? SoonAgain : every;
            await Task.Delay(pause, _time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!stoppingToken.IsCancellationRequested)
            {
                await ReadAsync(account, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task ReadAsync(AccountConfiguration account, CancellationToken cancellationToken)
    {
        var before = _board.Of(account.Id);
        var told = await _reader.ReadAsync(account, cancellationToken);
        var state = _board.Show(account, told, _time.GetUtcNow());
        if (told.Limits is null)
        {
            if (before?.Fault != told.Fault)
            {
                LogFault(account.Id, state.Name, told.Fault!);
            }

            return;
        }

        foreach (var limit in LimitTakeUp.Of(account, told.Limits))
        {
            _desk.Change((controls, now) => controls.TakeUp(limit.Budget, limit.Limit.Dimension, limit.Limit.Window, limit.Amount, now));
        }

        if (before?.Limits is null || before.Fault is not null)
        {
            LogRead(account.Id, state.Name, told.Limits.Limits.Count);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The limits of {Account} can't be read from {Source}: {Fault}. What was told before stands.")]
    private partial void LogFault(string account, string source, string fault);

    [LoggerMessage(LogLevel.Information, "{Account}: {Source} tells {Count} limits.")]
    private partial void LogRead(string account, string source, int count);
}
