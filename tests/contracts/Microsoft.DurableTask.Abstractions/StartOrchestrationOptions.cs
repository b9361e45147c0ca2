using System;

namespace Microsoft.DurableTask;

/// <summary>microsoft/durabletask-dotnet: src/Abstractions/TaskOptions.cs</summary>
public record StartOrchestrationOptions
{
    /// <summary>microsoft/durabletask-dotnet: src/Abstractions/TaskOptions.cs</summary>
    public StartOrchestrationOptions(string? InstanceId = null, DateTimeOffset? StartAt = null) => this.InstanceId = InstanceId;

    /// <summary>microsoft/durabletask-dotnet: src/Abstractions/TaskOptions.cs</summary>
    public string? InstanceId { get; init; }
}
