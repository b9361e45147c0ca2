using System;
using System.Threading;
using System.Threading.Tasks;

namespace Microsoft.DurableTask;

/// <summary>microsoft/durabletask-dotnet: src/Abstractions/TaskOrchestrationContext.cs</summary>
public abstract class TaskOrchestrationContext
{
    /// <summary>microsoft/durabletask-dotnet: src/Abstractions/TaskOrchestrationContext.cs</summary>
    public abstract DateTime CurrentUtcDateTime { get; }

    /// <summary>microsoft/durabletask-dotnet: src/Abstractions/TaskOrchestrationContext.cs</summary>
    public abstract T? GetInput<T>();

    /// <summary>microsoft/durabletask-dotnet: src/Abstractions/TaskOrchestrationContext.cs</summary>
    public abstract Task<TResult> CallActivityAsync<TResult>(TaskName name, object? input = null, TaskOptions? options = null);

    /// <summary>microsoft/durabletask-dotnet: src/Abstractions/TaskOrchestrationContext.cs</summary>
    public abstract Task CreateTimer(DateTime fireAt, CancellationToken cancellationToken);

    /// <summary>microsoft/durabletask-dotnet: src/Abstractions/TaskOrchestrationContext.cs</summary>
    public abstract Task<T> WaitForExternalEvent<T>(string eventName, CancellationToken cancellationToken = default);

    /// <summary>microsoft/durabletask-dotnet: src/Abstractions/TaskOrchestrationContext.cs</summary>
    public abstract void SetCustomStatus(object? customStatus);

    /// <summary>microsoft/durabletask-dotnet: src/Abstractions/TaskOrchestrationContext.cs</summary>
    public abstract void ContinueAsNew(object? newInput = null, bool preserveUnprocessedEvents = true);
}
