using FuncLimiter.Simulation.Providers.Requests;

namespace FuncLimiter.Simulation.Providers.Answers;

/// <summary>The shape of each operation's answer.</summary>
internal static class AnswerShapes
{
    /// <summary>The shape of a plan's answer.</summary>
    public static AnswerShape Of(AnswerPlan plan, bool isAzure) => plan.Request.Operation switch
    {
        RequestOperation.ChatCompletions => new ChatCompletionShape(plan, isAzure),
        RequestOperation.Responses => new ResponsesShape(plan),
        RequestOperation.Messages => new MessagesShape(plan),
        RequestOperation.Embeddings => new EmbeddingsShape(plan),
        _ => throw new ArgumentOutOfRangeException(nameof(plan), plan.Request.Operation, "It has no answer of this kind."),
    };
}
