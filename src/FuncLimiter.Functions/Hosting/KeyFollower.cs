using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Operations.Admin;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Functions.Hosting;

/// <summary>The tenants as they are stored now.</summary>
/// <param name="ReadAsync">Reads them; null where what is stored is no valid configuration.</param>
internal sealed record StoredTenants(Func<Task<IReadOnlyList<TenantConfiguration>?>> ReadAsync);

/// <summary>Takes up the keys of tenants that operators store, every half minute, in each instance.</summary>
internal sealed partial class KeyFollower(ConfigurationReload reload, StoredTenants stored, TimeProvider time, ILogger<KeyFollower> logger) : BackgroundService
{
    /// <summary>How often it looks: what is stored holds everywhere within a minute.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    private string _told = string.Empty;

    /// <summary>Looks once.</summary>
    public async Task LookAsync()
    {
        string trouble;
        try
        {
            trouble = await stored.ReadAsync() is not { } tenants ? "what is stored has mistakes"
                : reload.FollowKeys(tenants) is { Count: > 0 } strangers ? $"{string.Join(", ", strangers)} came since the start, and need a restart"
                : string.Empty;
        }
        catch (Exception failure) when (failure is Azure.RequestFailedException or AggregateException or InvalidOperationException or IOException or System.Text.Json.JsonException)
        {
            trouble = failure.Message;
        }

        if (trouble.Length > 0 && trouble != _told)
        {
            LogTrouble(trouble);
        }

        _told = trouble;
    }

    /// <summary>Looks at every interval, until cancelled.</summary>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            await Task.Delay(Interval, time, cancellationToken);
            await LookAsync();
        }
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => RunAsync(stoppingToken);

    [LoggerMessage(LogLevel.Warning, "Not all stored keys of tenants could be taken up: {Why}")]
    private partial void LogTrouble(string why);
}
