using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Estimation;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Routes;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Simulation.Virtual;
using FuncLimiter.WhatIf.Virtual;

namespace FuncLimiter.WhatIf.Planning;

/// <summary>What one call of some work takes at one deployment on average, by the provider's own charging rule.</summary>
/// <param name="Mean">The mean charge.</param>
/// <param name="MeanSquare">The mean of its square: what makes minutes differ.</param>
/// <param name="Consumer">The mean charge of the tenant.</param>
/// <param name="CostUsd">The mean cost in US dollars; null where there is no price.</param>
/// <param name="BatchCostUsd">The same through the batch service.</param>
internal sealed record CallDemand(Amounts Mean, Amounts MeanSquare, Amounts Consumer, double? CostUsd, double? BatchCostUsd)
{
    private const int Samples = 2_000;
    private const int BytesPerToken = 4;
    private const double NanoPerUsd = 1e9;

    /// <summary>The mean over a fixed sample of calls: charges are no linear function of tokens.</summary>
    public static CallDemand Of(WorkGroup work, Deployment deployment, Latency latency)
    {
        var chance = new Chance(1);
        var (input, output) = (new TokenSpread(work.InputTokens, work.Spread), new TokenSpread(work.OutputTokens, work.Spread));
        Amounts mean = default, square = default, consumer = default;
        double cost = 0, batch = 0;
        for (var i = 0; i < Samples; i++)
        {
            var used = output.At(chance.Normal());
            var usage = new TokenUsage(input.At(chance.Normal()), work.MaxOutputTokens is { } most ? Math.Min(most, used) : used);
            var facts = new RequestFacts(
                Operation.ChatCompletions, deployment.Target.Model, 0, 0, false, work.MaxOutputTokens, 1, (int)(usage.InputTokens * BytesPerToken), 0);
            var start = deployment.Provider.ChargeAtStart(facts, new TokenEstimate(usage.InputTokens, usage.OutputTokens));
            var end = deployment.Provider.ChargeAtEnd(facts, start, usage, OutcomeKind.Success);
            var charge = new Amounts(end.Requests, end.Tokens, end.InputTokens, end.OutputTokens, latency.Of(usage.OutputTokens).TotalSeconds, 0);
            var usd = deployment.Price is { } price ? (double)CallCost.Of(price, usage).TotalUsd : 0;
            mean += charge;
            square += charge.Squared();
            consumer += new Amounts(1, usage.TotalTokens, usage.InputTokens, usage.OutputTokens, charge.HeldSeconds, usd * NanoPerUsd);
            cost += usd;
            batch += deployment.Price is { } cheaper ? (double)CallCost.Of(cheaper, usage, isBatch: true).TotalUsd : 0;
        }

        const double each = 1.0 / Samples;
        var isPriced = deployment.Price is not null;
        return new CallDemand(mean * each, square * each, consumer * each, isPriced ? cost * each : null, isPriced ? batch * each : null);
    }
}
