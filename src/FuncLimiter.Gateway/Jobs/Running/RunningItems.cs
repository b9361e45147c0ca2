using System.Runtime.InteropServices;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Gateway.Jobs.Running;

/// <summary>The calls of jobs that this process runs now.</summary>
internal sealed class RunningItems
{
    /// <summary>How many cancelled jobs are remembered, for calls of theirs that are just being begun.</summary>
    private const int MostRemembered = 1024;

    private readonly Lock _gate = new();
    private readonly Dictionary<JobItemKey, CancellationTokenSource> _items = [];
    private readonly int[] _byPriority = new int[Enum.GetValues<Priority>().Length];
    private readonly Dictionary<JobLane, int> _byLane = [];
    private readonly Dictionary<JobLane, DateTimeOffset> _closed = [];
    private readonly Queue<string> _cancelled = new();

    public int Of(Priority priority)
    {
        lock (_gate)
        {
            return _byPriority[(int)priority];
        }
    }

    /// <summary>What lanes hold now.</summary>
    public JobLanes Lanes(DateTimeOffset now)
    {
        lock (_gate)
        {
            foreach (var (lane, until) in _closed)
            {
                if (until <= now)
                {
                    _closed.Remove(lane);
                }
            }

            return new JobLanes(new Dictionary<JobLane, int>(_byLane), _closed.Keys.ToHashSet());
        }
    }

    /// <summary>When the first closed lane opens; null where none is closed.</summary>
    public DateTimeOffset? NextOpening()
    {
        lock (_gate)
        {
            return _closed.Count == 0 ? null : _closed.Values.Min();
        }
    }

    /// <summary>Takes no call of a lane until an instant: the limiter has no room for one that is further on already.</summary>
    public void Close(in JobLane lane, DateTimeOffset until)
    {
        lock (_gate)
        {
            _closed[lane] = until;
        }
    }

    /// <summary>Adds a call; false where its job was cancelled in the meantime.</summary>
    public bool TryAdd(JobItem item, CancellationTokenSource cancellation)
    {
        lock (_gate)
        {
            if (_cancelled.Contains(item.Key.Job))
            {
                return false;
            }

            _items.Add(item.Key, cancellation);
            _byPriority[(int)item.Call.Priority]++;
            CollectionsMarshal.GetValueRefOrAddDefault(_byLane, JobLane.Of(item), out _)++;
            return true;
        }
    }

    public void Remove(JobItem item)
    {
        lock (_gate)
        {
            if (_items.Remove(item.Key))
            {
                _byPriority[(int)item.Call.Priority]--;
                if (--CollectionsMarshal.GetValueRefOrAddDefault(_byLane, JobLane.Of(item), out _) == 0)
                {
                    _byLane.Remove(JobLane.Of(item));
                }
            }
        }
    }

    /// <summary>Cuts every call of a job off.</summary>
    public void Cancel(string job)
    {
        CancellationTokenSource[] cut;
        lock (_gate)
        {
            if (_cancelled.Count == MostRemembered)
            {
                _cancelled.Dequeue();
            }

            _cancelled.Enqueue(job);
            cut = [.. _items.Where(item => item.Key.Job == job).Select(item => item.Value)];
        }

        foreach (var cancellation in cut)
        {
            try
            {
                cancellation.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // It ended in this very moment.
            }
        }
    }
}
