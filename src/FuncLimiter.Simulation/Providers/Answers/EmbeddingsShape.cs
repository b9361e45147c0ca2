using System.Runtime.InteropServices;
using System.Text.Json;

namespace FuncLimiter.Simulation.Providers.Answers;

/// <summary>Embeddings, as numbers or as base64 (what the official SDKs ask for).</summary>
internal sealed class EmbeddingsShape(AnswerPlan plan) : AnswerShape(plan)
{
    private const int UsualDimensions = 16;
    private const int MostDimensions = 3072;

    public override void Whole(Utf8JsonWriter json)
    {
        var vector = new float[Math.Clamp(Plan.Request.EmbeddingDimensions ?? UsualDimensions, 1, MostDimensions)];
        json.WriteStartObject();
        json.WriteString("object"u8, "list"u8);
        json.WriteStartArray("data"u8);
        for (var i = 0; i < Plan.Request.Inputs; i++)
        {
            vector.AsSpan().Fill(1 / MathF.Sqrt(vector.Length));
            json.WriteStartObject();
            json.WriteString("object"u8, "embedding"u8);
            json.WriteNumber("index"u8, i);
            WriteVector(json, vector);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("model"u8, Plan.Model);
        json.WriteStartObject("usage"u8);
        json.WriteNumber("prompt_tokens"u8, Plan.PromptTokens);
        json.WriteNumber("total_tokens"u8, Plan.PromptTokens);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private void WriteVector(Utf8JsonWriter json, float[] vector)
    {
        if (Plan.Request.Base64)
        {
            json.WriteBase64String("embedding"u8, MemoryMarshal.AsBytes<float>(vector));
            return;
        }

        json.WriteStartArray("embedding"u8);
        foreach (var number in vector)
        {
            json.WriteNumberValue(number);
        }

        json.WriteEndArray();
    }
}
