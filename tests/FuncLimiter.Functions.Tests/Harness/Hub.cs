using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Entities;

namespace FuncLimiter.Functions.Tests.Harness;

/// <summary>
/// A durable backend in virtual time. Messages are delayed, delivered again and lost with their process as the real ones are; every
/// orchestrator is replayed from its history at every step, every entity carries out one operation at a time.
/// </summary>
public sealed class Hub
{
    private readonly HubOptions _options;
    private readonly Func<Worker, IServiceProvider> _makeServices;
    private readonly Random _chance;
    private readonly Worker[] _workers;
    private readonly Queue<Action> _waiting = new();
    private readonly Dictionary<string, Orchestration> _orchestrations = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<EntityInstanceId, EntityHost> _entities = [];
    private int _workersMade;

    public Hub(HubOptions options, SimulatedTime time, Pump pump, Func<Worker, IServiceProvider> makeServices)
    {
        (_options, Time, Pump, _makeServices) = (options, time, pump, makeServices);
        _chance = new Random(options.Seed);
        _workers = [.. Enumerable.Range(0, options.Workers).Select(_ => MakeWorker())];
    }

    public SimulatedTime Time { get; }

    public Pump Pump { get; }

    /// <summary>How many steps were carried out: episodes, activities and operations.</summary>
    public int Steps { get; private set; }

    /// <summary>How many operations entities carried out.</summary>
    public int EntityOperations { get; private set; }

    public IReadOnlyList<Worker> Workers => _workers;

    public DateTime Now => Time.GetUtcNow().UtcDateTime;

    /// <summary>The client as a process sees it.</summary>
    public DurableTaskClient Client(Worker worker) => Unfinished.Make<HubClient>(this, worker);

    public Orchestration? Find(string instanceId) => _orchestrations.GetValueOrDefault(instanceId);

    public EntityHost Entity(EntityInstanceId id)
    {
        if (!_entities.TryGetValue(id, out var entity))
        {
            _entities.Add(id, entity = new EntityHost(this, id));
        }

        return entity;
    }

    /// <summary>Starts an orchestration; one that has ended under the same id makes way.</summary>
    public Orchestration Start(string instanceId, string name, string? input, Action<Orchestration>? ended = null)
    {
        if (Find(instanceId) is { IsOver: false })
        {
            throw new InvalidOperationException($"An orchestration '{instanceId}' is under way.");
        }

        var orchestration = new Orchestration(this, instanceId, name, input, ended);
        _orchestrations[instanceId] = orchestration;
        Deliver(orchestration.Wake, _options.Delay);
        return orchestration;
    }

    /// <summary>Any process.</summary>
    public Worker AnyWorker() => _workers[_chance.Next(_workers.Length)];

    /// <summary>Sends a message; it arrives later, and now and then twice.</summary>
    public void Deliver(Action arrive, TimeSpan longest, bool mayRepeat = false)
    {
        Time.At(Time.GetUtcNow() + (longest * _chance.NextDouble()), arrive);
        if (mayRepeat && _chance.NextDouble() < _options.Redelivery)
        {
            Time.At(Time.GetUtcNow() + (longest * 3 * _chance.NextDouble()), arrive);
        }
    }

    public void DeliverToOrchestration(Action arrive) => Deliver(arrive, _options.Delay);

    public void DeliverToEntity(Action arrive) => Deliver(arrive, _options.EntityDelay, mayRepeat: true);

    /// <summary>Sends an activity to some process; it comes again where that one dies.</summary>
    public void DeliverActivity(string name, string? input, Action<string?, Exception?> answer) =>
        Deliver(() => _ = RunActivityAsync(name, input, answer), _options.Delay, mayRepeat: true);

    /// <summary>Whether an episode is run by two processes at once.</summary>
    public bool IsRunTwice() => _options.TwoAtOnce > 0 && _chance.NextDouble() < _options.TwoAtOnce;

    /// <summary>In any order.</summary>
    public T[] Shuffled<T>(IEnumerable<T> items)
    {
        T[] shuffled = [.. items];
        _chance.Shuffle(shuffled);
        return shuffled;
    }

    /// <summary>Counts a step. False where its process dies before the result is kept.</summary>
    public bool Keep(Worker worker, Action commit)
    {
        Steps++;
        if (!worker.IsAlive)
        {
            return false;
        }

        var crashes = Steps == _options.CrashAtStep;
        if (!crashes || _options.CrashAfterCommit)
        {
            commit();
        }

        if (crashes)
        {
            Crash(worker);
        }

        return !crashes || _options.CrashAfterCommit;
    }

    /// <summary>Ends a process; another one takes its place, and what it had begun is delivered again once that shows.</summary>
    public void Crash(Worker worker)
    {
        _workers[Array.IndexOf(_workers, worker)] = MakeWorker();
        foreach (var again in worker.Crash())
        {
            Time.At(Time.GetUtcNow() + _options.VisibilityTimeout, again);
        }
    }

    public void CountEntityOperation() => EntityOperations++;

    private async Task RunActivityAsync(string name, string? input, Action<string?, Exception?> answer)
    {
        Action again = () => _ = RunActivityAsync(name, input, answer);
        var free = _workers.Where(worker => worker.Activities < _options.ActivitiesAtOnce).ToArray();
        if (free.Length == 0)
        {
            _waiting.Enqueue(again);
            return;
        }

        var worker = free[_chance.Next(free.Length)];
        worker.Begin(again);
        worker.Activities++;
        string? result = null;
        Exception? failure = null;
        try
        {
            result = Wire.Write(await FunctionTable.Activity(name, input, worker.Services, Client(worker)));
        }
        catch (Exception exception)
        {
            failure = exception;
        }

        worker.Activities--;
        if (worker.IsAlive && _waiting.TryDequeue(out var next))
        {
            next();
        }

        if (Keep(worker, () => answer(result, failure)))
        {
            worker.End(again);
        }
    }

    private Worker MakeWorker() => new(++_workersMade, _makeServices);
}
