using System.Threading.Tasks;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>Azure/azure-functions-durable-extension: src/Worker.Extensions.DurableTask/TaskEntityDispatcher.cs</summary>
public sealed class TaskEntityDispatcher
{
    internal TaskEntityDispatcher()
    {
    }

    /// <summary>Azure/azure-functions-durable-extension: src/Worker.Extensions.DurableTask/TaskEntityDispatcher.cs</summary>
    public Task DispatchAsync<T>() => throw null!;
}
