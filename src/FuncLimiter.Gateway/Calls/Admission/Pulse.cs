using Microsoft.Extensions.Hosting;

namespace FuncLimiter.Gateway.Calls.Admission;

/// <summary>
/// Measures how late this process gets to what it has to do: of a machine whose cores are busy the limiter knows before the first call goes
/// out, and knows when that is over.
/// </summary>
/// <param name="limiter">Is told.</param>
internal sealed class Pulse(EmbeddedLimiter limiter, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(50);

    // Timers fire to the millisecond, and are never quite on time.
    private static readonly TimeSpan Usual = TimeSpan.FromMilliseconds(5);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                var begun = time.GetTimestamp();
                await Task.Delay(Beat, time, stoppingToken);
                var late = time.GetElapsedTime(begun) - Beat;
                limiter.Delay(late > Usual ? late : TimeSpan.Zero);
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }
}
