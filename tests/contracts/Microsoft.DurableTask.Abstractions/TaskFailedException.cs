using System;

namespace Microsoft.DurableTask;

/// <summary>microsoft/durabletask-dotnet: src/Abstractions/TaskFailedException.cs</summary>
public sealed class TaskFailedException : Exception
{
    /// <summary>microsoft/durabletask-dotnet: src/Abstractions/TaskFailedException.cs</summary>
    public TaskFailedException(string taskName, int taskId, Exception innerException)
        : base(taskName, innerException)
    {
    }
}
