namespace Microsoft.DurableTask.Entities;

/// <summary>microsoft/durabletask-dotnet: src/Abstractions/Entities/TaskEntityContext.cs</summary>
public abstract class TaskEntityContext
{
    /// <summary>microsoft/durabletask-dotnet: src/Abstractions/Entities/TaskEntityContext.cs</summary>
    public abstract EntityInstanceId Id { get; }
}
