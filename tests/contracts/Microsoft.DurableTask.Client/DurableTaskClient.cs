using System;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.DurableTask.Client.Entities;

namespace Microsoft.DurableTask.Client;

/// <summary>microsoft/durabletask-dotnet: src/Client/Core/DurableTaskClient.cs</summary>
public abstract class DurableTaskClient : IAsyncDisposable
{
    /// <summary>microsoft/durabletask-dotnet: src/Client/Core/DurableTaskClient.cs</summary>
    protected DurableTaskClient(string name)
    {
    }

    /// <summary>microsoft/durabletask-dotnet: src/Client/Core/DurableTaskClient.cs</summary>
    public virtual DurableEntityClient Entities => throw null!;

    /// <summary>microsoft/durabletask-dotnet: src/Client/Core/DurableTaskClient.cs</summary>
    public abstract Task<string> ScheduleNewOrchestrationInstanceAsync(
        TaskName orchestratorName,
        object? input = null,
        StartOrchestrationOptions? options = null,
        CancellationToken cancellation = default);

    /// <summary>microsoft/durabletask-dotnet: src/Client/Core/DurableTaskClient.cs</summary>
    public abstract Task RaiseEventAsync(
        string instanceId, string eventName, object? eventPayload = null, CancellationToken cancellation = default);

    /// <summary>microsoft/durabletask-dotnet: src/Client/Core/DurableTaskClient.cs</summary>
    public virtual Task<OrchestrationMetadata?> GetInstanceAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default) => throw null!;

    /// <summary>microsoft/durabletask-dotnet: src/Client/Core/DurableTaskClient.cs</summary>
    public abstract ValueTask DisposeAsync();
}
