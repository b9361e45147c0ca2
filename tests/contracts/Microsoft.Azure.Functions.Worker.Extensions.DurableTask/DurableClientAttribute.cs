using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>Azure/azure-functions-durable-extension: src/Worker.Extensions.DurableTask/DurableClientAttribute.cs</summary>
public sealed class DurableClientAttribute : InputBindingAttribute;
