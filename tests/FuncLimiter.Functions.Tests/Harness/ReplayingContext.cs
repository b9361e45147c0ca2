using Microsoft.DurableTask;

namespace FuncLimiter.Functions.Tests.Harness;

/// <summary>
/// Runs an orchestrator from its history: what it asks for must be what it asked for before, and what was answered is answered again, in
/// the same order.
/// </summary>
public abstract class ReplayingContext(string? input, IReadOnlyList<HistoryEvent> history) : TaskOrchestrationContext
{
    private readonly List<(Asked Entry, Action<Answered> Answer)> _asked = [];
    private readonly List<(string Name, Action<string?> Take)> _waiting = [];
    private readonly List<EventRaised> _unclaimed = [];
    private readonly Dictionary<int, Asked> _before = history.OfType<Asked>().ToDictionary(entry => entry.Number);
    private DateTime _now;

    public override DateTime CurrentUtcDateTime => _now;

    /// <summary>What was asked for beyond the history.</summary>
    public IReadOnlyList<Asked> News => [.. _asked.Select(asked => asked.Entry).Where(entry => !_before.ContainsKey(entry.Number))];

    /// <summary>Timers given up before they fired.</summary>
    public HashSet<int> Cancelled { get; } = [];

    /// <summary>The custom status set last.</summary>
    public string? CustomStatus { get; private set; }

    /// <summary>Set where the orchestrator wants to begin anew.</summary>
    public (string? Input, bool KeepsEvents)? Next { get; private set; }

    /// <summary>Events that nobody has waited for yet.</summary>
    public IReadOnlyList<EventRaised> Unclaimed => _unclaimed;

    /// <summary>Runs the orchestrator as far as the history goes; the task has ended, or waits for an answer.</summary>
    public Task<string?> Replay(Func<TaskOrchestrationContext, Task<object?>> orchestrator, Pump pump)
    {
        Task<string?>? run = null;
        foreach (var entry in history)
        {
            switch (entry)
            {
                case EpisodeStarted:
                    _now = entry.At;
                    run ??= Run(orchestrator, this);
                    break;
                case Answered answered:
                    _asked[answered.Number].Answer(answered);
                    break;
                case EventRaised raised when _waiting.FindIndex(waiting => Same(waiting.Name, raised.Name)) is >= 0 and var first:
                    var (_, take) = _waiting[first];
                    _waiting.RemoveAt(first);
                    take(raised.Data);
                    break;
                case EventRaised raised:
                    _unclaimed.Add(raised);
                    break;
            }

            pump.Drain();
        }

        Assert.True(_before.Count <= _asked.Count, "Replayed, the orchestrator asks for less than it did before.");
        return run!;
    }

    public override T? GetInput<T>()
        where T : default => Wire.Read<T>(input);

    public override Task<TResult> CallActivityAsync<TResult>(TaskName name, object? input = null, TaskOptions? options = null) =>
        Ask<TResult>(new ActivityRequest(name.Name, Wire.Write(input)), name.Name);

    public override Task CreateTimer(DateTime fireAt, CancellationToken cancellationToken)
    {
        Assert.Equal(DateTimeKind.Utc, fireAt.Kind);
        var fired = new TaskCompletionSource();
        var number = Record(new TimerRequest(fireAt), _ => fired.TrySetResult());
        cancellationToken.Register(() =>
        {
            Cancelled.Add(number);
            fired.TrySetCanceled(cancellationToken);
        });
        return fired.Task;
    }

    public override Task<T> WaitForExternalEvent<T>(string eventName, CancellationToken cancellationToken = default)
    {
        var raised = new TaskCompletionSource<T>();
        if (_unclaimed.Find(entry => Same(entry.Name, eventName)) is { } early)
        {
            _unclaimed.Remove(early);
            raised.SetResult(Wire.Read<T>(early.Data)!);
            return raised.Task;
        }

        (string, Action<string?>) waiting = (eventName, data => raised.TrySetResult(Wire.Read<T>(data)!));
        _waiting.Add(waiting);
        cancellationToken.Register(() =>
        {
            _waiting.Remove(waiting);
            raised.TrySetCanceled(cancellationToken);
        });
        return raised.Task;
    }

    public override void SetCustomStatus(object? customStatus) => CustomStatus = Wire.Write(customStatus);

    public override void ContinueAsNew(object? newInput = null, bool preserveUnprocessedEvents = true) =>
        Next = (Wire.Write(newInput), preserveUnprocessedEvents);

    private static bool Same(string left, string right) => left.Equals(right, StringComparison.OrdinalIgnoreCase);

    private static async Task<string?> Run(Func<TaskOrchestrationContext, Task<object?>> orchestrator, TaskOrchestrationContext context) =>
        Wire.Write(await orchestrator(context));

    private Task<TResult> Ask<TResult>(Request request, string name)
    {
        var answer = new TaskCompletionSource<TResult>();
        Record(request, answered =>
        {
            if (answered.Failure is { } failure)
            {
                answer.SetException(new TaskFailedException(name, answered.Number, failure));
            }
            else
            {
                answer.SetResult(Wire.Read<TResult>(answered.Result)!);
            }
        });
        return answer.Task;
    }

    private int Record(Request request, Action<Answered> answer)
    {
        var number = _asked.Count;
        if (_before.TryGetValue(number, out var before))
        {
            Assert.True(before.Request == request, $"Replayed, the orchestrator asks for {request} where it asked for {before.Request}.");
        }

        _asked.Add((before ?? new Asked(_now, number, request), answer));
        return number;
    }
}
