using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Pacing;
using FuncLimiter.Gateway.Calls;

namespace FuncLimiter.Gateway.Operations.Preflight;

/// <summary>What a run is foreseen to use and to cost, as ranges that hold the truth nine times in ten.</summary>
internal static class RunBill
{
    private const double TwoSided = 1.645;

    // The relative error of a mean that the caller gave, and of one that was estimated; the relative spread of the calls of a step.
    private const double SpreadTold = 0.1;
    private const double SpreadForeseen = 0.25;
    private const double SpreadOfCalls = 0.5;

    /// <summary>Tokens of all its calls, input and output.</summary>
    public static ForecastRange Tokens(IReadOnlyList<PlannedStep> steps)
    {
        var (likely, variance) = (0.0, 0.0);
        foreach (var step in steps)
        {
            var estimate = step.Plan.Estimate(0).InputTokens + step.Output;
            likely += step.Calls * estimate;
            variance += VarianceOf(step, estimate);
        }

        return Around(likely, likely, likely, variance);
    }

    /// <summary>What its calls cost in US dollars; null where a price is not known. Which deployment serves a call is open.</summary>
    /// <param name="open">Where a step's calls may go, the first choice first.</param>
    /// <param name="isBatch">Whether batch services answer.</param>
    public static ForecastRange? CostUsd(IReadOnlyList<PlannedStep> steps, Func<PlannedStep, IReadOnlyList<int>> open, bool isBatch = false)
    {
        var (low, likely, high, variance) = (0.0, 0.0, 0.0, 0.0);
        foreach (var step in steps)
        {
            var costs = open(step).Select(place => CostOf(step, place, isBatch)).ToList();
            if (costs.Contains(null))
            {
                return null;
            }

            likely += step.Calls * costs[0]!.Value;
            (low, high) = (low + (step.Calls * costs.Min()!.Value), high + (step.Calls * costs.Max()!.Value));
            variance += VarianceOf(step, costs[0]!.Value);
        }

        return Around(low, likely, high, variance);
    }

    private static double? CostOf(PlannedStep step, int place, bool isBatch)
    {
        var estimate = step.Plan.Estimate(place);
        return step.Plan.Price(place) is { } price
            ? (double)CallCost.Of(price, new TokenUsage(estimate.InputTokens, (long)Math.Ceiling(step.Output), estimate.CachedInputTokens), isBatch).TotalUsd
            : null;
    }

    private static double VarianceOf(PlannedStep step, double each)
    {
        var mean = step.Calls * each * (step.Plan.ChargesAtLeast is null ? SpreadTold : SpreadForeseen);
        var calls = each * SpreadOfCalls;
        return (mean * mean) + (step.Calls * calls * calls);
    }

    private static ForecastRange Around(double low, double likely, double high, double variance)
    {
        var off = TwoSided * Math.Sqrt(variance);
        return new(Math.Max(0, low - off), likely, high + off);
    }
}
