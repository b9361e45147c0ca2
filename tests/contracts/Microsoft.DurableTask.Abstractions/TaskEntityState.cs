using System;

namespace Microsoft.DurableTask.Entities;

/// <summary>microsoft/durabletask-dotnet: src/Abstractions/Entities/TaskEntityState.cs</summary>
public abstract class TaskEntityState
{
    /// <summary>microsoft/durabletask-dotnet: src/Abstractions/Entities/TaskEntityState.cs</summary>
    public abstract object? GetState(Type type);

    /// <summary>microsoft/durabletask-dotnet: src/Abstractions/Entities/TaskEntityState.cs</summary>
    public abstract void SetState(object? state);
}
