using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Client.Entities;

namespace FuncLimiter.Functions.Tests.Harness;

/// <summary>The durable client of one process.</summary>
public abstract class HubClient(Hub hub, Worker worker) : DurableTaskClient("test")
{
    private readonly DurableEntityClient _entities = Unfinished.Make<HubEntityClient>(hub, worker);

    public override DurableEntityClient Entities => _entities;

    public override async Task<string> ScheduleNewOrchestrationInstanceAsync(
        TaskName orchestratorName, object? input = null, StartOrchestrationOptions? options = null, CancellationToken cancellation = default)
    {
        await worker.Living();
        return hub.Start(options?.InstanceId ?? Guid.NewGuid().ToString("N"), orchestratorName.Name, Wire.Write(input)).InstanceId;
    }

    public override async Task RaiseEventAsync(
        string instanceId, string eventName, object? eventPayload = null, CancellationToken cancellation = default)
    {
        await worker.Living();
        var data = Wire.Write(eventPayload);
        hub.DeliverToOrchestration(() => hub.Find(instanceId)?.Raise(eventName, data));
    }

    public override async Task<OrchestrationMetadata?> GetInstanceAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default)
    {
        await worker.Living();
        return hub.Find(instanceId) is not { } found
            ? null
            : new OrchestrationMetadata(found.Name, instanceId)
            {
                SerializedInput = getInputsAndOutputs ? found.Input : null,
                SerializedCustomStatus = getInputsAndOutputs ? found.CustomStatus : null,
            };
    }

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
