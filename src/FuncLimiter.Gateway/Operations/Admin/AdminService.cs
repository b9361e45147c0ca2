using FuncLimiter.Core.Spending;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Calls.Errors;
using FuncLimiter.Gateway.Calls.Spending;
using FuncLimiter.Gateway.Configuration;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Gateway.Operations.Admin;

/// <summary>Makes operators' changes, writes each to the audit, and makes those of earlier processes again at the start.</summary>
internal sealed partial class AdminService(
    ControlDesk desk,
    TenantKeys keys,
    Watch watch,
    SpendDesk spending,
    IAuditLog audit,
    TimeProvider time,
    ILogger<AdminService> logger,
    StoredSettings? stored = null) : IHostedService
{
    private static readonly GatewayError NothingToChange = new(404, "nothing_to_change", "There is no such scope, limit, tenant, key or budget.");

    /// <summary>Makes a change, or says why not.</summary>
    public async Task<GatewayError?> ApplyAsync(AdminChange change, string actor, string? reason, CancellationToken cancellationToken)
    {
        if (stored?.Refuse(change) is { } instead)
        {
            return new GatewayError(StatusCodes.Status409Conflict, "not_changed_here", instead);
        }

        if (!(change is RaiseChange raise ? await RaiseAsync(raise) : Apply(change)))
        {
            return NothingToChange;
        }

        LogChanged(actor, change, reason ?? "-");
        try
        {
            await audit.AppendAsync(new AuditEntry(time.GetUtcNow(), actor, change, reason), cancellationToken);
            return null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            LogUnaudited(failure, change);
            return StorageUnavailableException.Error("the change is made, but can't be written to the audit, and a restart undoes it");
        }
    }

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var entries = await audit.ReadAsync(cancellationToken);
        foreach (var entry in entries.Where(static entry => entry.Change is not RaiseChange).GroupBy(static entry => entry.Change.Target).Select(static same => same.Last()))
        {
            var isPast = entry.Change is PauseChange pause && pause.Until <= time.GetUtcNow();
            if (!isPast && entry.Change is not ForgetChange && !Apply(entry.Change))
            {
                LogVain(entry.At, entry.Change);
            }
        }
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private bool Apply(AdminChange change) => change switch
    {
        PauseChange pause => desk.Change((controls, now) => controls.Close(pause.Scope, SteadyClock.Of(time).FromWall(pause.Until), now)),
        LimitChange limit => DimensionName.TryParse(limit.Dimension, out var dimension)
            && desk.Change((controls, now) => controls.SetLimit(limit.Scope, dimension, TimeSpan.FromSeconds(limit.WindowSeconds), limit.Amount, now)),
        WeightChange weight => Weigh(weight),
        ForgetChange forget => desk.Change((controls, now) => controls.Forget(forget.Scope, now)),
        RevocationChange revocation => keys.Revoke(revocation.Tenant, revocation.Hash),
        _ => false,
    };

    private Task<bool> RaiseAsync(RaiseChange raise) => spending.RaiseAsync(
        raise.Budget, new SpendAmount((long)(raise.Usd * SpendAmount.NanoPerUsd), raise.Tokens, raise.Calls), TimeSpan.FromSeconds(raise.Seconds));

    private bool Weigh(WeightChange change)
    {
        if (!desk.Change((controls, now) => controls.Weigh(change.Tenant, change.Weight, now)))
        {
            return false;
        }

        lock (watch.Gate)
        {
            watch.Shares.Weigh(change.Tenant, change.Weight);
        }

        return true;
    }

    [LoggerMessage(LogLevel.Warning, "Audit: {Actor} made {Change}; reason: {Reason}")]
    private partial void LogChanged(string actor, AdminChange change, string reason);

    [LoggerMessage(LogLevel.Error, "This change is not in the audit: {Change}")]
    private partial void LogUnaudited(Exception failure, AdminChange change);

    [LoggerMessage(LogLevel.Warning, "The change of {At} has nothing to change any more: {Change}")]
    private partial void LogVain(DateTimeOffset at, AdminChange change);
}
