namespace Microsoft.DurableTask.Entities;

/// <summary>microsoft/durabletask-dotnet: src/Abstractions/Entities/TaskEntityOperation.cs</summary>
public abstract class TaskEntityOperation
{
    /// <summary>microsoft/durabletask-dotnet: src/Abstractions/Entities/TaskEntityOperation.cs</summary>
    public abstract string Name { get; }

    /// <summary>microsoft/durabletask-dotnet: src/Abstractions/Entities/TaskEntityOperation.cs</summary>
    public abstract TaskEntityContext Context { get; }

    /// <summary>microsoft/durabletask-dotnet: src/Abstractions/Entities/TaskEntityOperation.cs</summary>
    public abstract TaskEntityState State { get; }

    /// <summary>microsoft/durabletask-dotnet: src/Abstractions/Entities/TaskEntityOperation.cs</summary>
    public virtual T? GetInput<T>() => throw null!;
}
