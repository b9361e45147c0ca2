using FuncLimiter.Functions.Leasing;
using FuncLimiter.Gateway.Calls.Admission;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;
using Microsoft.DurableTask.Client;

namespace FuncLimiter.Functions.Triggers;

/// <summary>
/// Makes an instance ready that the platform adds: leases are asked for before its first call, and with them everything is opened and
/// compiled once that a call's admission needs. Takes its calls only then. The host knows such a function by its name and its trigger.
/// </summary>
internal sealed class Warmup(EmbeddedLimiter limiter, DurableClientSource clients)
{
    /// <summary>Owners that don't answer by then are waited for by the calls that need them.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    /// <summary>Completes when calls can go out.</summary>
    /// <param name="context">What the host says of it: nothing.</param>
    /// <param name="client">Asks entities.</param>
    [Function(nameof(Warmup))]
    public async Task RunAsync([WarmupTrigger] object? context, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken)
    {
        clients.Use(client);
        await limiter.ExpectCallsAsync(Longest, cancellationToken);
    }
}

/// <summary>
/// Marks the function that the host runs on an instance that it adds, before calls come there. The trigger is built into the host; the package
/// Microsoft.Azure.Functions.Worker.Extensions.Warmup has nothing but this attribute, which the worker's tools know by its name.
/// </summary>
[AttributeUsage(AttributeTargets.Parameter)]
internal sealed class WarmupTriggerAttribute : TriggerBindingAttribute;
