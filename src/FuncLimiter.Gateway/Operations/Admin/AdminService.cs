using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
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
    StoredSettings? stored = null,
    ISharedLearning? shared = null) : IHostedService
{
    private const int KeyBytes = 32;

    private static readonly GatewayError NothingToChange = new(404, "nothing_to_change", "There is no such scope, limit, tenant, key or budget.");

    private static readonly GatewayError NotHeard = new(StatusCodes.Status503ServiceUnavailable, "owner_not_heard",
        "Who learns this for all instances has not answered yet. It may still be done: look at /status before you ask again.");

    /// <summary>Makes a change, or says why not.</summary>
    public async Task<GatewayError?> ApplyAsync(AdminChange change, string actor, string? reason, CancellationToken cancellationToken)
    {
        if (stored?.Refuse(change) is { } instead)
        {
            return new GatewayError(StatusCodes.Status409Conflict, "not_changed_here", instead);
        }

        var isMade = await MakeAsync(change, cancellationToken);
        if (isMade is false)
        {
            return NothingToChange;
        }

        LogChanged(actor, change, reason ?? "-");
        try
        {
            await audit.AppendAsync(new AuditEntry(time.GetUtcNow(), actor, change, reason), cancellationToken);
            return isMade is null ? NotHeard : null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            LogUnaudited(failure, change);
            return StorageUnavailableException.Error("the change is made, but can't be written to the audit, and a restart undoes it");
        }
    }

    /// <summary>Gives a tenant a key, in the place of another where one is named, or says why not.</summary>
    /// <param name="wanted">What it is to be.</param>
    /// <param name="cancellationToken">Gives up waiting for the audit.</param>
    /// <returns>The key, which nobody can tell again, and what is kept of it; or what is wrong.</returns>
    public async Task<(string? Key, KeyChange? Change, GatewayError? Error)> IssueAsync(
        WantedKey wanted, string actor, string? reason, CancellationToken cancellationToken)
    {
        if (wanted.Replaces is { } old && !keys.Has(wanted.Tenant, old))
        {
            return (null, null, NothingToChange);
        }

        var prefix = wanted.Prefix ?? $"fl-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}";
        var key = $"{prefix}-{Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(KeyBytes))}";
        var change = new KeyChange(wanted.Tenant, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key))), prefix, wanted.Expires, wanted.Scope);
        var error = await ApplyAsync(change, actor, reason, cancellationToken);
        if (error is null && wanted.Replaces is { } replaced)
        {
            error = await ApplyAsync(new RevocationChange(wanted.Tenant, replaced, time.GetUtcNow() + wanted.Grace), actor, reason, cancellationToken);
        }

        return error is null ? (key, change, null) : (null, null, error);
    }

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var entries = await audit.ReadAsync(cancellationToken);
        foreach (var entry in entries.Where(static entry => entry.Change is not RaiseChange).GroupBy(static entry => entry.Change.Target).Select(static same => same.Last()))
        {
            var isPast = entry.Change is PauseChange pause && pause.Until <= time.GetUtcNow();
            var isForgotten = entry.Change is PinChange pin && entries.Any(later => later.Change is ForgetChange forget && forget.Scope == pin.Scope && later.At >= entry.At);
            if (!isPast && !isForgotten && entry.Change is not ForgetChange && !Apply(entry.Change))
            {
                LogVain(entry.At, entry.Change);
            }
        }
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task<bool?> MakeAsync(AdminChange change, CancellationToken cancellationToken) => change switch
    {
        RaiseChange raise => await RaiseAsync(raise),
        PinChange or ForgetChange when shared is not null => await shared.ChangeAsync(change, cancellationToken),
        _ => Apply(change),
    };

    private bool Apply(AdminChange change) => change switch
    {
        PauseChange pause => desk.Change((controls, now) => controls.Close(pause.Scope, SteadyClock.Of(time).FromWall(pause.Until), now)),
        LimitChange limit => DimensionName.TryParse(limit.Dimension, out var dimension)
            && desk.Change((controls, now) => controls.SetLimit(limit.Scope, dimension, TimeSpan.FromSeconds(limit.WindowSeconds), limit.Amount, now)),
        WeightChange weight => Weigh(weight),
        PinChange pin => DimensionName.TryParse(pin.Dimension, out var dimension) && ChargeRuleName.TryParse(pin.Rule, out var rule)
            && desk.Change((controls, now) => controls.PinCharging(pin.Scope, dimension, rule, now)),
        ForgetChange forget => desk.Change((controls, now) => controls.Forget(forget.Scope, now)),
        RevocationChange revocation => keys.Revoke(revocation.Tenant, revocation.Hash, revocation.From),
        KeyChange key => keys.Add(key.Tenant, new AccessKey(key.Hash)
        {
            Prefix = key.Prefix,
            Expires = key.Expires,
            Scope = key.Scope is { } uses ? AccessKey.ScopeOf(uses.Select(use => Enum.Parse<KeyUse>(use, ignoreCase: true))) : null,
        }),
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

/// <summary>A key that is to be given out.</summary>
/// <param name="Tenant">Whose.</param>
/// <param name="Prefix">How it begins; null for what is chosen by chance.</param>
/// <param name="Expires">The last day, in UTC, on which it is taken; null for ever.</param>
/// <param name="Scope">What it may be used for; null for everything.</param>
/// <param name="Replaces">The hash of the key that it takes the place of; null for none.</param>
/// <param name="Grace">How long the other one is still taken.</param>
internal sealed record WantedKey(string Tenant, string? Prefix, DateOnly? Expires, IReadOnlyList<string>? Scope, string? Replaces, TimeSpan Grace);

/// <summary>Changes what the instances of a host learn of providers together, at whoever learns it for them.</summary>
internal interface ISharedLearning
{
    /// <summary>Pins a rule of charging, or forgets what was learned.</summary>
    /// <param name="change">A <see cref="PinChange"/> or a <see cref="ForgetChange"/>.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>True once it is done; false where there is nothing to change; null where no answer came in time, and it may still be done.</returns>
    Task<bool?> ChangeAsync(AdminChange change, CancellationToken cancellationToken);
}

/// <summary>
/// Where a host whose instances share their budgets takes limits and tenants from: what one instance changed by itself would hold there only,
/// so it refuses to, and says where to change it.
/// </summary>
/// <param name="Limits">How limits are changed, in a sentence.</param>
/// <param name="Tenants">How tenants' weights and keys are changed, in a sentence.</param>
internal sealed record StoredSettings(string Limits, string Tenants)
{
    /// <summary>Why a change is not made, and what to do instead; null where it can be made.</summary>
    internal string? Refuse(AdminChange change) => change switch
    {
        LimitChange => $"Limits can't be changed here: the app's instances share them. {Limits}",
        WeightChange => $"Weights can't be changed here: the app's instances share the budgets. {Tenants}",
        KeyChange => $"Keys can't be given out here: each of the app's instances knows them. {Tenants}",
        RevocationChange => $"Keys can't be revoked here: each of the app's instances knows them. {Tenants}",
        _ => null,
    };
}
