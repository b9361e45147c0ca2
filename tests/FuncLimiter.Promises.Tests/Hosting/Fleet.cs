using System.Collections.Concurrent;
using System.Diagnostics;

namespace FuncLimiter.Promises.Tests.Hosting;

/// <summary>Callers that each send one call after another.</summary>
internal sealed class Fleet(Stage stage)
{
    private readonly ConcurrentQueue<Outcome> _outcomes = new();

    public IReadOnlyCollection<Outcome> Outcomes => _outcomes;

    /// <summary>Runs them for a while, and lets those under way end.</summary>
    /// <param name="callers">How many.</param>
    /// <param name="time">How long new calls are begun.</param>
    /// <param name="next">The next call of a caller, told its number and how many it sent.</param>
    /// <param name="ended">Ends them before their time; what is under way is given up.</param>
    public async Task RunAsync(int callers, TimeSpan time, Func<int, int, Ask> next, CancellationToken ended = default)
    {
        var clock = Stopwatch.StartNew();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(ended);
        ending.CancelAfter(time + TimeSpan.FromSeconds(2));
        await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
        {
            for (var sent = 0; clock.Elapsed < time && !ending.IsCancellationRequested; sent++)
            {
                try
                {
                    var outcome = await stage.CallAsync(next(caller, sent), ending.Token);
                    _outcomes.Enqueue(outcome);
                    if (outcome.Status == 429)
                    {
                        await Task.Delay(TimeSpan.FromSeconds(Math.Min(outcome.RetryAfter ?? 1, 5)), ending.Token);
                    }
                }
                catch (OperationCanceledException)
                {
                    return;
                }
            }
        })));
    }
}
