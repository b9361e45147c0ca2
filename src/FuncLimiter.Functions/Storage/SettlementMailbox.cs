using FuncLimiter.Gateway.Calls.Reservations;
using FuncLimiter.Gateway.Http.Endpoints;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Functions.Storage;

/// <summary>
/// Settlements that reached another instance than the one that gave the reservation out: each instance looks for its own while reservations
/// of its are open. One whose instance has died is forgotten; its reservation counts as spent.
/// </summary>
internal sealed class SettlementMailbox(JobTables tables, IServiceProvider services, TimeProvider time, ILogger<SettlementMailbox> logger)
    : BackgroundService, ISettlementRelay
{
    private const string Partition = "settlements";
    private const int MostAtOnce = 500;

    /// <summary>No settlement that this app wrote is larger; a row's column holds 64 KiB.</summary>
    private const int MostBytes = 60 * 1024;

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    public string Here { get; } = Guid.NewGuid().ToString("N")[..12];

    /// <inheritdoc/>
    public async Task SendAsync(RelayedSettlement settlement, CancellationToken cancellationToken)
    {
        var row = new Row(Partition, $"{Letters(settlement.Process)}-{Guid.NewGuid():N}")
        {
            Values =
            {
                ["Reservation"] = settlement.Reservation,
                ["Tenant"] = settlement.Tenant,
                ["At"] = time.GetUtcNow(),
                ["Body"] = settlement.Body.Length <= MostBytes ? settlement.Body.ToArray() : "{}"u8.ToArray(),
            },
        };
        await tables.Jobs.WriteAsync([row], cancellationToken);
    }

    /// <summary>Settles what has come for this instance.</summary>
    public async Task TakeAsync(CancellationToken cancellationToken)
    {
        var rows = await tables.Jobs.ReadAsync(Partition, $"{Here}-", $"{Here}-{JobRows.Last}", MostAtOnce, cancellationToken);
        var endpoint = services.GetRequiredService<ReservationEndpoint>();
        foreach (var row in rows)
        {
            endpoint.Settle(new RelayedSettlement(Here, row.Text("Reservation")!, row.Text("Tenant")!, row.Bytes("Body")));
        }

        await tables.Jobs.DeleteAsync(rows, cancellationToken);
    }

    /// <summary>Forgets settlements whose reservations have long expired.</summary>
    public async Task<int> SweepAsync(DateTimeOffset sentBefore, CancellationToken cancellationToken)
    {
        var rows = await tables.Jobs.ReadAsync(Partition, "", JobRows.Last, MostAtOnce, cancellationToken);
        Row[] old = [.. rows.Where(row => row.Time("At") < sentBefore)];
        await tables.Jobs.DeleteAsync(old, cancellationToken);
        return old.Length;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(LookEvery, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                if (services.GetRequiredService<ReservationEndpoint>().HasOpen)
                {
                    await LookAsync(stoppingToken);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What is open here counts as spent.
        }
    }

    // An id is the caller's word: nothing of it but letters and digits goes into a key.
    private static string Letters(string process) => string.Concat(process.Where(char.IsAsciiLetterOrDigit).Take(64));

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            await TakeAsync(cancellationToken);
        }
        catch (Exception trouble) when (!cancellationToken.IsCancellationRequested)
        {
            logger.LogWarning(trouble, "Settlements that reached other instances can't be read; trying again.");
        }
    }
}
