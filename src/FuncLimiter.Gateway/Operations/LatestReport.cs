using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Calls.Admission;

namespace FuncLimiter.Gateway.Operations;

/// <summary>How budgets and queues stood a moment ago, shared by all who look at the same time: looking costs the limiter's lock.</summary>
internal sealed class LatestReport(ILimiter limiter, TimeProvider time)
{
    private static readonly TimeSpan MostAge = TimeSpan.FromMilliseconds(500);

    private readonly Lock _gate = new();
    private LimiterReport? _report;
    private long _takenAt;

    /// <summary>A report that is at most half a second old.</summary>
    public LimiterReport Read()
    {
        lock (_gate)
        {
            if (_report is null || time.GetElapsedTime(_takenAt) > MostAge)
            {
                _takenAt = time.GetTimestamp();
                _report = limiter.Report();
            }

            return _report;
        }
    }
}
