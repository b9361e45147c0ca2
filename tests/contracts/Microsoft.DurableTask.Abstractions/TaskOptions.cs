namespace Microsoft.DurableTask;

/// <summary>microsoft/durabletask-dotnet: src/Abstractions/TaskOptions.cs</summary>
public record TaskOptions
{
    internal TaskOptions()
    {
    }
}
