namespace Microsoft.DurableTask;

/// <summary>microsoft/durabletask-dotnet: src/Abstractions/TaskName.cs</summary>
public readonly struct TaskName
{
    internal TaskName(string name) => Name = name;

    /// <summary>microsoft/durabletask-dotnet: src/Abstractions/TaskName.cs</summary>
    public string Name { get; }

    /// <summary>microsoft/durabletask-dotnet: src/Abstractions/TaskName.cs</summary>
    public static implicit operator TaskName(string value) => string.IsNullOrEmpty(value) ? default : new(value);
}
