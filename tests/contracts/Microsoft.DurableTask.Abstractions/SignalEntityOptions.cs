namespace Microsoft.DurableTask.Entities;

/// <summary>microsoft/durabletask-dotnet: src/Abstractions/Entities/CallEntityOptions.cs</summary>
public record SignalEntityOptions;
