using System.Threading;
using System.Threading.Tasks;
using Microsoft.DurableTask.Entities;

namespace Microsoft.DurableTask.Client.Entities;

/// <summary>microsoft/durabletask-dotnet: src/Client/Core/Entities/DurableEntityClient.cs</summary>
public abstract class DurableEntityClient
{
    /// <summary>microsoft/durabletask-dotnet: src/Client/Core/Entities/DurableEntityClient.cs</summary>
    protected DurableEntityClient(string name)
    {
    }

    /// <summary>microsoft/durabletask-dotnet: src/Client/Core/Entities/DurableEntityClient.cs</summary>
    public abstract Task SignalEntityAsync(
        EntityInstanceId id,
        string operationName,
        object? input = null,
        SignalEntityOptions? options = null,
        CancellationToken cancellation = default);

    /// <summary>microsoft/durabletask-dotnet: src/Client/Core/Entities/DurableEntityClient.cs</summary>
    public abstract Task<EntityMetadata<T>?> GetEntityAsync<T>(
        EntityInstanceId id, bool includeState = true, CancellationToken cancellation = default);
}
