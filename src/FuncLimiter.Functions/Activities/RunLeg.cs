using FuncLimiter.Functions.Leasing;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace FuncLimiter.Functions.Activities;

/// <summary>The activity that carries a call one leg on.</summary>
internal sealed class RunLeg(LegRunner runner, DurableClientSource clients)
{
    /// <summary>Runs the leg, unless it was run.</summary>
    /// <param name="input">Which.</param>
    /// <param name="client">Reaches the entities that own the budgets.</param>
    /// <param name="cancellationToken">The process ends.</param>
    [Function(nameof(RunLeg))]
    public async Task<LegOutcome> RunAsync([ActivityTrigger] LegInput input, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken)
    {
        clients.Use(client);
        return await runner.RunAsync(input, cancellationToken) with { Question = input.Question(nameof(RunLeg)) };
    }
}
