using FuncLimiter.Gateway.Operations.Admin;

namespace FuncLimiter.Server.Hosting;

/// <summary>Looks every two seconds whether the configuration's file was changed, and has it taken up.</summary>
internal sealed class ConfigurationWatch(ConfigurationReload reload, ILogger<ConfigurationWatch> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private bool _isUnreadable;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval);
        while (reload.HasSource && await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                if (reload.HasChanged())
                {
                    reload.Reload();
                }

                _isUnreadable = false;
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                // Editors put a new file in the place of the old one.
                if (!_isUnreadable)
                {
                    logger.LogWarning("The configuration can't be read at present: {Reason}", failure.Message);
                }

                _isUnreadable = true;
            }
        }
    }
}
