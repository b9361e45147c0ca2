using Microsoft.DurableTask.Client;

namespace FuncLimiter.Functions.Leasing;

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
