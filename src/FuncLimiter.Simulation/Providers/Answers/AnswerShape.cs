using System.Text.Json;

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
