using System;

namespace Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

/// <summary>Azure/azure-functions-dotnet-worker: extensions/Worker.Extensions.Abstractions/src/BindingAttribute.cs</summary>
[AttributeUsage(AttributeTargets.Method)]
public abstract class BindingAttribute : Attribute;
