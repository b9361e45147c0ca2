using FuncLimiter.Simulation.Providers.Answers;
using FuncLimiter.Simulation.Providers.Enforcement;
using FuncLimiter.Simulation.Providers.Requests;

namespace FuncLimiter.Simulation.Providers.Hosting;

/// <summary>
/// What a call is charged on arrival. OpenAI: the larger of max_tokens, for each choice, and an estimate from the characters. Azure: that
/// estimate and max_tokens together, for each answer generated. Anthropic: the estimate of the input that is not cached, corrected later;
/// output as it is generated (the providers' rate limit pages).
/// </summary>
internal static class StartCharge
{
    /// <summary>What must fit, and what is taken; they differ where output only has to have begun to fit.</summary>
    public static (Demand Need, Demand Charge) Of(ReceivedRequest request, ProviderDialect dialect, long cacheRead)
    {
        var estimate = TokenCount.Estimate(request);
        var bound = request.MaxTokens ?? 0;
        var tokens = dialect switch
        {
            ProviderDialect.OpenAI => Math.Max(bound * request.Choices, estimate),
            ProviderDialect.Azure => estimate + (bound * Math.Max(request.Choices, request.BestOf)),
            _ => estimate,
        };
        var charge = new Demand(1, tokens, Math.Max(0, estimate - cacheRead), 0, 1);
        return (charge with { OutputTokens = request.Operation == RequestOperation.Embeddings ? 0 : 1 }, charge);
    }
}
