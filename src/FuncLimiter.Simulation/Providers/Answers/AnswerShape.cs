using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using FuncLimiter.Simulation.Providers.Requests;

namespace FuncLimiter.Simulation.Providers.Answers;

/// <summary>Writes one answer in the shape of one API, whole or as a stream of events. One object serves one call.</summary>
internal abstract class AnswerShape(AnswerPlan plan)
{
    protected AnswerPlan Plan { get; } = plan;

    /// <summary>The whole answer as one JSON object.</summary>
    public abstract void Whole(Utf8JsonWriter json);

    /// <summary>The events before the first token.</summary>
    public virtual void Begin(JsonScratch stream) => throw NotStreamed();

    /// <summary>The events of some tokens of every choice; a tool call comes with the first ones.</summary>
    public virtual void Tokens(JsonScratch stream, int from, int count) => throw NotStreamed();

    /// <summary>The events after the last token.</summary>
    public virtual void End(JsonScratch stream) => throw NotStreamed();

    /// <summary>Writes a property with the text of some tokens of a choice.</summary>
    protected void WriteText(Utf8JsonWriter json, ReadOnlySpan<byte> name, int choice, int from, int count)
    {
        json.WritePropertyName(name);
        var seed = Plan.Request.Fingerprint + (ulong)choice;
        if (count <= AnswerText.MostAtOnce)
        {
            json.WriteStringValue(AnswerText.Tokens(seed, from, count));
            return;
        }

        for (; count > 0; from += AnswerText.MostAtOnce, count -= AnswerText.MostAtOnce)
        {
            var part = AnswerText.Tokens(seed, from, Math.Min(count, AnswerText.MostAtOnce));
            json.WriteStringValueSegment(part, isFinalSegment: count <= AnswerText.MostAtOnce);
        }
    }

    private NotSupportedException NotStreamed() => new($"{GetType().Name} is never streamed.");
}

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

/// <summary>Text in which every token is one word of three letters and a blank: four bytes.</summary>
internal static class AnswerText
{
    private const int BytesPerToken = 4;
    private const int Words = 2048;
    private static readonly byte[] Twice = Make();

    /// <summary>The text of the tokens from <paramref name="from"/> on; not null-terminated, valid until the process ends.</summary>
    /// <param name="seed">Where in the text an answer begins.</param>
    /// <param name="from">The first token.</param>
    /// <param name="count">How many; above <see cref="MostAtOnce"/> they must be asked for in parts.</param>
    public static ReadOnlySpan<byte> Tokens(ulong seed, int from, int count)
    {
        var start = (int)((seed + (ulong)from) % Words);
        return Twice.AsSpan(start * BytesPerToken, count * BytesPerToken);
    }

    /// <summary>How many tokens can be had in one piece.</summary>
    public const int MostAtOnce = Words;

    private static byte[] Make()
    {
        string[] words = ["the", "and", "for", "are", "but", "not", "you", "all", "can", "had", "her", "was", "one", "our", "out", "day"];
        var text = new StringBuilder();
        var state = 12345u;
        for (var i = 0; i < Words; i++)
        {
            state = (state * 1664525) + 1013904223;
            text.Append(words[state >> 28]).Append(' ');
        }

        var once = text.ToString();
        return Encoding.ASCII.GetBytes(once + once);
    }
}

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
