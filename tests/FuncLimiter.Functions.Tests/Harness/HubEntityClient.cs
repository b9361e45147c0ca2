using Microsoft.DurableTask.Client.Entities;
using Microsoft.DurableTask.Entities;

namespace FuncLimiter.Functions.Tests.Harness;

/// <summary>The entities as the client of one process reaches them: signals go out, states are read; nothing is called.</summary>
public abstract class HubEntityClient(Hub hub, Worker worker) : DurableEntityClient("test")
{
    public override async Task SignalEntityAsync(
        EntityInstanceId id, string operationName, object? input = null, SignalEntityOptions? options = null, CancellationToken cancellation = default)
    {
        await worker.Living();
        var text = Wire.Write(input);
        hub.DeliverToEntity(() => hub.Entity(id).Take(operationName, text));
    }

    public override async Task<EntityMetadata<T>?> GetEntityAsync<T>(
        EntityInstanceId id, bool includeState = true, CancellationToken cancellation = default)
    {
        await worker.Living();
        await Task.Delay(TimeSpan.FromMilliseconds(10), hub.Time, cancellation);
        await worker.Living();
        return hub.Entity(id).State is { } state ? new EntityMetadata<T>(id, Wire.Read<T>(state)) : null;
    }
}
