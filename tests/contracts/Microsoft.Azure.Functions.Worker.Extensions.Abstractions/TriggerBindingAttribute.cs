using System;

namespace Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

/// <summary>Azure/azure-functions-dotnet-worker: extensions/Worker.Extensions.Abstractions/src/TriggerBindingAttribute.cs</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public abstract class TriggerBindingAttribute : BindingAttribute;
