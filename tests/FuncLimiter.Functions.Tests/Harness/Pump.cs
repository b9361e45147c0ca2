using System.Runtime.ExceptionServices;

namespace FuncLimiter.Functions.Tests.Harness;

/// <summary>Runs everything that is awaited on one thread, in the order in which it came: the same seed gives the same run.</summary>
public sealed class Pump(SimulatedTime time) : SynchronizationContext
{
    private readonly Queue<(SendOrPostCallback Callback, object? State)> _posted = new();
    private readonly int _thread = Environment.CurrentManagedThreadId;

    public override void Post(SendOrPostCallback d, object? state)
    {
        Assert.True(Environment.CurrentManagedThreadId == _thread, "Something went on on another thread: its order would be left to chance.");
        _posted.Enqueue((d, state));
    }

    public override void Send(SendOrPostCallback d, object? state) => d(state);

    /// <summary>Runs until a task has ended; time moves from timer to timer.</summary>
    public void Run(Func<Task> start)
    {
        var before = Current;
        SetSynchronizationContext(this);
        try
        {
            var task = start();
            while (!task.IsCompleted)
            {
                Drain();
                if (!task.IsCompleted && _posted.Count == 0)
                {
                    Assert.True(time.FireNext(DateTimeOffset.MaxValue), "Everything waits, and no timer is set.");
                }
            }

            Drain();
            if (task.Exception is { } failed)
            {
                ExceptionDispatchInfo.Throw(failed.InnerException!);
            }
        }
        finally
        {
            SetSynchronizationContext(before);
        }
    }

    /// <summary>Runs what is due now.</summary>
    public void Drain()
    {
        while (_posted.TryDequeue(out var next))
        {
            next.Callback(next.State);
        }
    }
}
