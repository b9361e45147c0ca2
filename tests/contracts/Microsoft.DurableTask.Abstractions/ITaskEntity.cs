using System.Threading.Tasks;

namespace Microsoft.DurableTask.Entities;

/// <summary>microsoft/durabletask-dotnet: src/Abstractions/Entities/TaskEntity.cs</summary>
public interface ITaskEntity
{
    /// <summary>microsoft/durabletask-dotnet: src/Abstractions/Entities/TaskEntity.cs</summary>
    ValueTask<object?> RunAsync(TaskEntityOperation operation);
}
