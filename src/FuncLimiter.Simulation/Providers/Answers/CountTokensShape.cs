using System.Text.Json;

namespace FuncLimiter.Simulation.Providers.Answers;

/// <summary>Anthropic's answer to <c>/v1/messages/count_tokens</c>.</summary>
internal sealed class CountTokensShape(AnswerPlan plan) : AnswerShape(plan)
{
    public override void Whole(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteNumber("input_tokens"u8, Plan.PromptTokens);
        json.WriteEndObject();
    }
}
