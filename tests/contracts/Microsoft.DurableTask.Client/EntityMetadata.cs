using Microsoft.DurableTask.Entities;

namespace Microsoft.DurableTask.Client.Entities;

/// <summary>microsoft/durabletask-dotnet: src/Client/Core/Entities/EntityMetadata.cs</summary>
public class EntityMetadata<TState>
{
    /// <summary>microsoft/durabletask-dotnet: src/Client/Core/Entities/EntityMetadata.cs</summary>
    public EntityMetadata(EntityInstanceId id, TState? state)
    {
        State = state!;
        IncludesState = state is not null;
    }

    /// <summary>microsoft/durabletask-dotnet: src/Client/Core/Entities/EntityMetadata.cs</summary>
    public bool IncludesState { get; }

    /// <summary>microsoft/durabletask-dotnet: src/Client/Core/Entities/EntityMetadata.cs</summary>
    public TState State { get; }
}
