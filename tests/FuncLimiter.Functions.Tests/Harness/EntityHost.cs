using Microsoft.DurableTask.Entities;

namespace FuncLimiter.Functions.Tests.Harness;

/// <summary>An entity in the backend: its state, and what waits to be done on it, one at a time.</summary>
public sealed class EntityHost(Hub hub, EntityInstanceId id)
{
    private readonly Queue<(string Operation, string? Input)> _waiting = new();
    private bool _isBusy;

    /// <summary>The state that is kept; null before the first operation.</summary>
    public string? State { get; private set; }

    /// <summary>Operations that failed, with why.</summary>
    public List<(string Operation, Exception Failure)> Failures { get; } = [];

    public void Take(string operation, string? input)
    {
        _waiting.Enqueue((operation, input));
        Next();
    }

    private void Next()
    {
        if (!_isBusy && _waiting.TryPeek(out var next))
        {
            _isBusy = true;
            _ = RunAsync(next.Operation, next.Input);
        }
    }

    private async Task RunAsync(string operation, string? input)
    {
        var worker = hub.AnyWorker();
        Action again = () =>
        {
            _isBusy = false;
            Next();
        };
        worker.Begin(again);
        var state = Unfinished.Make<EntityStateDouble>(State!);
        Exception? failure = null;
        try
        {
            var context = Unfinished.Make<EntityContextDouble>(id);
            var entity = FunctionTable.Entity(id.Name, worker.Services);
            Wire.Write(await entity.RunAsync(Unfinished.Make<EntityOperationDouble>(operation, input!, context, state)));
        }
        catch (Exception exception)
        {
            failure = exception;
        }

        if (hub.Keep(worker, () => Commit(operation, state.Text, failure)))
        {
            worker.End(again);
            again();
        }
    }

    // What an operation did before it failed is undone.
    private void Commit(string operation, string? state, Exception? failure)
    {
        _waiting.Dequeue();
        hub.CountEntityOperation();
        if (failure is null)
        {
            State = state;
        }
        else
        {
            Failures.Add((operation, failure));
        }
    }
}
