namespace Microsoft.DurableTask.Client;

/// <summary>microsoft/durabletask-dotnet: src/Client/Core/OrchestrationRuntimeStatus.cs</summary>
public enum OrchestrationRuntimeStatus
{
    /// <summary>microsoft/durabletask-dotnet: src/Client/Core/OrchestrationRuntimeStatus.cs</summary>
    Running = 0,

    /// <summary>microsoft/durabletask-dotnet: src/Client/Core/OrchestrationRuntimeStatus.cs</summary>
    Completed = 1,

    /// <summary>microsoft/durabletask-dotnet: src/Client/Core/OrchestrationRuntimeStatus.cs</summary>
    Failed = 3,

    /// <summary>microsoft/durabletask-dotnet: src/Client/Core/OrchestrationRuntimeStatus.cs</summary>
    Terminated = 5,

    /// <summary>microsoft/durabletask-dotnet: src/Client/Core/OrchestrationRuntimeStatus.cs</summary>
    Pending = 6,

    /// <summary>microsoft/durabletask-dotnet: src/Client/Core/OrchestrationRuntimeStatus.cs</summary>
    Suspended = 7,
}
