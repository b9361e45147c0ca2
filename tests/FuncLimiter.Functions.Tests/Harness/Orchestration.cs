namespace FuncLimiter.Functions.Tests.Harness;

/// <summary>How an orchestration stands.</summary>
public enum OrchestrationStatus
{
    Pending,
    Running,
    Completed,
    Failed,
    Terminated,
}

/// <summary>An orchestration in the backend: its history, and what has come for it since the last episode.</summary>
public sealed class Orchestration(Hub hub, string instanceId, string name, string? input, Action<Orchestration>? ended)
{
    private readonly List<HistoryEvent> _history = [];
    private readonly List<HistoryEvent> _inbox = [];
    private readonly HashSet<int> _answered = [];
    private string? _input = input;
    private bool _isAwake;

    /// <summary>What the present generation began with.</summary>
    public string? Input => _input;

    public string InstanceId { get; } = instanceId;

    /// <summary>The history of the present generation.</summary>
    public IReadOnlyList<HistoryEvent> History => _history;

    public string Name { get; } = name;

    public OrchestrationStatus Status { get; private set; }

    public string? Output { get; private set; }

    public Exception? Failure { get; private set; }

    public string? CustomStatus { get; private set; }

    /// <summary>How often it began anew.</summary>
    public int Generation { get; private set; }

    /// <summary>The longest history it ever had, in entries.</summary>
    public int LongestHistory { get; private set; }

    public bool IsOver => Status is OrchestrationStatus.Completed or OrchestrationStatus.Failed or OrchestrationStatus.Terminated;

    /// <summary>Runs an episode with what has come.</summary>
    public void Wake()
    {
        if (!_isAwake && !IsOver)
        {
            _isAwake = true;
            hub.Time.At(hub.Time.GetUtcNow(), RunEpisode);
        }
    }

    /// <summary>Takes an event from outside.</summary>
    public void Raise(string eventName, string? data)
    {
        _inbox.Add(new EventRaised(hub.Now, eventName, data));
        Wake();
    }

    private void RunEpisode()
    {
        _isAwake = false;
        if (IsOver)
        {
            return;
        }

        var worker = hub.AnyWorker();
        worker.Begin(Wake);
        if (hub.IsRunTwice())
        {
            LoseEpisode();
        }

        HistoryEvent[] history = [.. _history, new EpisodeStarted(hub.Now), .. _inbox];
        var (context, run) = Replay(history);
        HistoryEvent[] news = [.. context.News];
        CheckReplay([.. history, .. news], context, run);
        if (hub.Keep(worker, () => Commit(history, context, run)))
        {
            worker.End(Wake);
        }
    }

    // The other process saw what has come in another order, and not all of it.
    private void LoseEpisode()
    {
        var seen = hub.Shuffled(_inbox);
        var (context, run) = Replay([.. _history, new EpisodeStarted(hub.Now), .. seen.Take((seen.Length + 1) / 2)]);
        foreach (var asked in run.IsCompleted ? [] : context.News)
        {
            Send(asked, Generation);
        }

        CustomStatus = context.CustomStatus;
    }

    private (ReplayingContext Context, Task<string?> Run) Replay(IReadOnlyList<HistoryEvent> history)
    {
        var context = Unfinished.Make<ReplayingContext>(_input!, history);
        return (context, context.Replay(FunctionTable.Orchestrator(Name), hub.Pump));
    }

    // The same history once more must lead to the same place.
    private void CheckReplay(IReadOnlyList<HistoryEvent> history, ReplayingContext first, Task<string?> firstRun)
    {
        var (second, secondRun) = Replay(history);
        Assert.Empty(second.News);
        Assert.Equal(firstRun.Status, secondRun.Status);
        Assert.Equal(firstRun.Exception?.InnerException?.Message, secondRun.Exception?.InnerException?.Message);
        Assert.Equal(firstRun.IsCompletedSuccessfully ? firstRun.Result : null, secondRun.IsCompletedSuccessfully ? secondRun.Result : null);
        Assert.Equal(first.CustomStatus, second.CustomStatus);
        Assert.Equal(first.Next, second.Next);
        Assert.Equal(first.Cancelled, second.Cancelled);
    }

    private void Commit(HistoryEvent[] history, ReplayingContext context, Task<string?> run)
    {
        _inbox.Clear();
        _history.Clear();
        _history.AddRange(history);
        _history.AddRange(context.News);
        LongestHistory = Math.Max(LongestHistory, _history.Count);
        CustomStatus = context.CustomStatus;
        Status = OrchestrationStatus.Running;
        foreach (var asked in context.News)
        {
            Send(asked, Generation);
        }

        if (run.IsCompleted)
        {
            End(context, run);
        }
    }

    private void Send(Asked asked, int generation)
    {
        void Answer(string? result, Exception? failure) =>
            hub.DeliverToOrchestration(() => TakeAnswer(generation, asked.Number, result, failure));

        switch (asked.Request)
        {
            case ActivityRequest activity:
                hub.DeliverActivity(activity.Name, activity.Input, Answer);
                break;
            case TimerRequest timer:
                hub.Time.At(new DateTimeOffset(timer.FireAt), () => TakeAnswer(generation, asked.Number, null, null));
                break;
        }
    }

    // The first answer counts; a repeated one, or one to an earlier generation, says nothing new.
    private void TakeAnswer(int generation, int number, string? result, Exception? failure)
    {
        if (generation != Generation || IsOver)
        {
            return;
        }

        if (!_history.OfType<Asked>().Any(asked => asked.Number == number))
        {
            // Only a process that lost has asked under this number: the answer waits until somebody else does.
            hub.Time.At(hub.Time.GetUtcNow() + TimeSpan.FromSeconds(1), () => TakeAnswer(generation, number, result, failure));
        }
        else if (_answered.Add(number))
        {
            _inbox.Add(new Answered(hub.Now, number, result, failure));
            Wake();
        }
    }

    private void End(ReplayingContext context, Task<string?> run)
    {
        var timers = _history.OfType<Asked>().Where(asked => asked.Request is TimerRequest).Select(asked => asked.Number);
        Assert.All(timers, timer => Assert.True(
            _answered.Contains(timer) || context.Cancelled.Contains(timer), $"{Name} ended with timer {timer} still set: it would run on until then."));
        if (context.Next is { } next && !run.IsFaulted)
        {
            BeginAnew(next.Input, next.KeepsEvents ? context.Unclaimed : []);
            return;
        }

        Output = run.IsFaulted ? null : run.Result;
        Failure = run.Exception?.InnerException;
        Status = run.IsFaulted ? OrchestrationStatus.Failed : OrchestrationStatus.Completed;
        ended?.Invoke(this);
    }

    private void BeginAnew(string? input, IReadOnlyList<EventRaised> kept)
    {
        _input = input;
        Generation++;
        _history.Clear();
        _answered.Clear();
        _inbox.AddRange(kept);
        CustomStatus = null;
        Wake();
    }
}
