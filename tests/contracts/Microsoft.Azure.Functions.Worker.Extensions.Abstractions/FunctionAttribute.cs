using System;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>Azure/azure-functions-dotnet-worker: extensions/Worker.Extensions.Abstractions/src/FunctionAttribute.cs</summary>
[AttributeUsage(AttributeTargets.Method)]
public class FunctionAttribute : Attribute
{
    /// <summary>Azure/azure-functions-dotnet-worker: extensions/Worker.Extensions.Abstractions/src/FunctionAttribute.cs</summary>
    public FunctionAttribute(string name) => Name = name;

    /// <summary>Azure/azure-functions-dotnet-worker: extensions/Worker.Extensions.Abstractions/src/FunctionAttribute.cs</summary>
    public string Name { get; }
}
