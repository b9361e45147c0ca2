using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Gateway.Operations.Admin;

/// <summary>Looks again and again whether the configuration was changed, and has it taken up.</summary>
/// <param name="reload">Takes it up.</param>
/// <param name="logger">Is told where it can't be read.</param>
internal sealed partial class ConfigurationWatch(ConfigurationReload reload, TimeProvider time, ILogger<ConfigurationWatch> logger) : BackgroundService
{
    private bool _isUnreadable;

    /// <summary>Looks at every interval of the source, until cancelled; not at all where there is no source.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (reload.HasSource)
        {
            await Task.Delay(reload.Interval, time, cancellationToken);
            try
            {
                await reload.FollowAsync(cancellationToken);
                _isUnreadable = false;
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                // Editors put a new file in the place of the old one; storage may be away.
                if (!_isUnreadable)
                {
                    LogUnreadable(failure.Message);
                }

                _isUnreadable = true;
            }
        }
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => RunAsync(stoppingToken);

    [LoggerMessage(LogLevel.Warning, "The configuration can't be read at present: {Reason}")]
    private partial void LogUnreadable(string reason);
}
