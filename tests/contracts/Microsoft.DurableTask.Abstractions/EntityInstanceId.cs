namespace Microsoft.DurableTask.Entities;

/// <summary>microsoft/durabletask-dotnet: src/Abstractions/Entities/EntityInstanceId.cs</summary>
public readonly record struct EntityInstanceId
{
    /// <summary>microsoft/durabletask-dotnet: src/Abstractions/Entities/EntityInstanceId.cs</summary>
    public EntityInstanceId(string name, string key)
    {
        Name = name.ToLowerInvariant();
        Key = key;
    }

    /// <summary>microsoft/durabletask-dotnet: src/Abstractions/Entities/EntityInstanceId.cs</summary>
    public string Name { get; }

    /// <summary>microsoft/durabletask-dotnet: src/Abstractions/Entities/EntityInstanceId.cs</summary>
    public string Key { get; }
}
