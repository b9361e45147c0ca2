using FuncLimiter.Functions.Leasing;
using FuncLimiter.Functions.Storage;
using FuncLimiter.Functions.Storage.Usage;
using FuncLimiter.Gateway.Configuration;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Functions.Triggers;

/// <summary>Begins jobs that were stored and not begun, and forgets what has been kept long enough. On one instance at a time.</summary>
internal sealed class Sweep(
    DurableJobStore jobs,
    TableAnswers answers,
    TableState state,
    TableUsage usage,
    SettlementMailbox settlements,
    DurableClientSource clients,
    GatewayConfiguration configuration,
    TimeProvider time,
    ILogger<Sweep> logger,
    BlobRecord? record = null)
{
    private const int MostAtOnce = 100;
    private const int MostBegun = 1000;

    /// <summary>A job is begun right after it was stored; by then its process has died.</summary>
    private static readonly TimeSpan Forgotten = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan OldestReservation = TimeSpan.FromHours(2);

    /// <summary>What isn't done by then is left to the next run.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(4);

    /// <summary>Sweeps.</summary>
    /// <param name="client">Begins orchestrations.</param>
    [Function(nameof(Sweep))]
    public async Task RunAsync([TimerTrigger("0 */5 * * * *")] TimerInfo timer, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken)
    {
        clients.Use(client);
        var now = time.GetUtcNow();
        var begun = await jobs.BeginForgottenAsync(now - Forgotten, MostBegun, cancellationToken);
        if (begun > 0)
        {
            logger.LogWarning("{Count} jobs had been stored and not begun; they are begun now.", begun);
        }

        var end = now + Longest;
        await ForgetAsync(() => jobs.SweepAsync(now - configuration.Jobs.KeepResults, MostAtOnce, cancellationToken), end);
        await ForgetAsync(() => answers.SweepAsync(now, MostAtOnce, cancellationToken), end);
        await ForgetAsync(() => state.SweepAsync(now, MostAtOnce, cancellationToken), end);
        await ForgetAsync(() => settlements.SweepAsync(now - OldestReservation, cancellationToken), end);
        await ForgetAsync(() => usage.SweepAsync(now, MostAtOnce, cancellationToken), end);
        await ForgetAsync(() => record?.SweepAsync(cancellationToken) ?? Task.FromResult(0), end);
    }

    private async Task ForgetAsync(Func<Task<int>> forget, DateTimeOffset end)
    {
        while (time.GetUtcNow() < end && await forget() > 0)
        {
        }
    }
}
