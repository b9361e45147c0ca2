namespace FuncLimiter.Functions.Tests.Harness;

/// <summary>One process of the app: what it holds in memory dies with it.</summary>
public sealed class Worker(int number, Func<Worker, IServiceProvider> make)
{
    private readonly List<Action> _begun = [];
    private IServiceProvider? _services;

    public int Number { get; } = number;

    /// <summary>False from its crash on: then nothing that it does is seen by anybody.</summary>
    public bool IsAlive { get; private set; } = true;

    public IServiceProvider Services => _services ??= make(this);

    /// <summary>How many activities it runs.</summary>
    public int Activities { get; set; }

    /// <summary>Takes a message, to be delivered again where this process dies over it.</summary>
    public void Begin(Action again) => _begun.Add(again);

    /// <summary>Is done with a message.</summary>
    public void End(Action again) => _begun.Remove(again);

    /// <summary>Dies; hands back what it had begun.</summary>
    public IReadOnlyList<Action> Crash()
    {
        IsAlive = false;
        return [.. _begun];
    }

    /// <summary>Goes on where the process lives; a dead one waits for ever.</summary>
    public Task Living() => IsAlive ? Task.CompletedTask : new TaskCompletionSource().Task;
}
