namespace FuncLimiter.Simulation.Providers.Requests;

/// <summary>What is asked of a model.</summary>
internal enum RequestOperation
{
    ChatCompletions,
    Responses,
    Embeddings,
    Messages,
    CountTokens,
}
