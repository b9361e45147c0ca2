namespace Microsoft.DurableTask.Client;

/// <summary>microsoft/durabletask-dotnet: src/Client/Core/OrchestrationMetadata.cs</summary>
public sealed class OrchestrationMetadata
{
    /// <summary>microsoft/durabletask-dotnet: src/Client/Core/OrchestrationMetadata.cs</summary>
    public OrchestrationMetadata(string name, string instanceId)
    {
    }

    /// <summary>microsoft/durabletask-dotnet: src/Client/Core/OrchestrationMetadata.cs</summary>
    public string? SerializedCustomStatus { get; init; }
}
