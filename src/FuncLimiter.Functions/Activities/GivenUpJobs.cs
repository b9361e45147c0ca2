using FuncLimiter.Functions.Storage;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Functions.Activities;

/// <summary>
/// Cuts calls under way when their jobs are given up, within about a second: while any leg runs in this process, it looks once a second at
/// the list of jobs that were given up. That is one read of storage, however many legs run.
/// </summary>
internal sealed class GivenUpJobs(JobTables tables, TimeProvider time, ILogger<GivenUpJobs> logger)
{
    private const int MostAtOnce = 1000;

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly HashSet<LegHeartbeat> _legs = [];
    private bool _isLooking;

    /// <summary>Watches over a leg until what is returned is disposed.</summary>
    public IDisposable Watch(LegHeartbeat leg)
    {
        lock (_gate)
        {
            _legs.Add(leg);
            if (!_isLooking)
            {
                _isLooking = true;
                _ = LookAsync();
            }
        }

        return new Watched(this, leg);
    }

    private async Task LookAsync()
    {
        while (true)
        {
            await Task.Delay(LookEvery, time);
            LegHeartbeat[] legs;
            lock (_gate)
            {
                legs = [.. _legs];
                if (legs.Length == 0)
                {
                    _isLooking = false;
                    return;
                }
            }

            try
            {
                var rows = await tables.Jobs.ReadAsync(JobRows.GivenUp, "", JobRows.Last, MostAtOnce, CancellationToken.None);
                var jobs = rows.Select(row => row.Key).ToHashSet(StringComparer.Ordinal);
                foreach (var leg in legs.Where(leg => jobs.Contains(leg.Job)))
                {
                    leg.GiveUp();
                }
            }
#pragma warning disable CA1031 // The next look follows; each leg's heartbeat looks at its job too.
            catch (Exception trouble)
#pragma warning restore CA1031
            {
                logger.LogWarning(trouble, "The list of jobs that were given up can't be read; trying again.");
            }
        }
    }

    private sealed class Watched(GivenUpJobs jobs, LegHeartbeat leg) : IDisposable
    {
        public void Dispose()
        {
            lock (jobs._gate)
            {
                jobs._legs.Remove(leg);
            }
        }
    }
}
