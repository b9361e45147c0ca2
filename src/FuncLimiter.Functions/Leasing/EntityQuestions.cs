using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Entities;

namespace FuncLimiter.Functions.Leasing;

/// <summary>
/// Asks entities: by a signal, one operation of the entity, and by reading its state until the answer is in it. An orchestration that called
/// the entity would cost a dozen storage transactions more for each ask, and seconds where its queues back off.
/// </summary>
internal sealed class EntityQuestions(DurableClientSource clients, TimeProvider time)
{
    private static readonly TimeSpan FirstLook = TimeSpan.FromMilliseconds(60);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(0.5);

    /// <summary>Asks, and looks for the answer.</summary>
    /// <param name="ask">What the operation takes.</param>
    /// <param name="find">Reads the answer out of a state; null where it is not in it.</param>
    /// <param name="within">How long to look.</param>
    /// <returns>The answer; null where none came in time.</returns>
    public async Task<TAnswer?> AskAsync<TState, TAnswer>(
        EntityInstanceId owner, string operation, object ask, Func<TState, TAnswer?> find, TimeSpan within, CancellationToken cancellationToken)
        where TAnswer : class
    {
        var client = await clients.GetAsync(cancellationToken);
        var begun = time.GetTimestamp();
        await client.Entities.SignalEntityAsync(owner, operation, ask, null, cancellationToken);
        for (var pause = FirstLook; time.GetElapsedTime(begun) < within; pause = pause * 1.5 < LongestPause ? pause * 1.5 : LongestPause)
        {
            await Task.Delay(pause, time, cancellationToken);
            if (await client.Entities.GetEntityAsync<TState>(owner, true, cancellationToken) is { IncludesState: true, State: { } state } && find(state) is { } answer)
            {
                return answer;
            }
        }

        return null;
    }
}

/// <summary>
/// The durable client for what runs beside functions. The worker hands clients to functions only; one that it handed out is good for as long
/// as the process lives.
/// </summary>
internal sealed class DurableClientSource
{
    private readonly TaskCompletionSource<DurableTaskClient> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Keeps the first client that a function was handed.</summary>
    public void Use(DurableTaskClient client) => _first.TrySetResult(client);

    /// <summary>The client, as soon as the first function of this process has run.</summary>
    public Task<DurableTaskClient> GetAsync(CancellationToken cancellationToken) =>
        _first.Task.IsCompleted ? _first.Task : _first.Task.WaitAsync(cancellationToken);
}
