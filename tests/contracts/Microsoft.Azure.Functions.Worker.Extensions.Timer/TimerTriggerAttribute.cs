using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>Azure/azure-functions-dotnet-worker: extensions/Worker.Extensions.Timer/src/TimerTriggerAttribute.cs</summary>
public sealed class TimerTriggerAttribute : TriggerBindingAttribute
{
    /// <summary>Azure/azure-functions-dotnet-worker: extensions/Worker.Extensions.Timer/src/TimerTriggerAttribute.cs</summary>
    public TimerTriggerAttribute(string schedule)
    {
    }
}
