using System.Text.Json;
using System.Text.Json.Serialization;
using FuncLimiter.Functions.Orchestrators;
using FuncLimiter.Gateway.Jobs;

namespace FuncLimiter.Functions.Activities;

/// <summary>What an orchestrator asks an activity for.</summary>
/// <param name="Job">The job.</param>
internal record JobInput(string Job)
{
    /// <summary>The question, which its outcome says again: the activity, the job, and what sets it apart from the job's other questions.</summary>
    public string Question(string activity) => $"{activity} {Job}{Part()}";

    /// <summary>What sets the question apart from the job's others to the same activity.</summary>
    protected virtual string Part() => "";
}

/// <summary>
/// What an activity answers. While a partition changes hands two hosts run one orchestration, and number their different activities alike:
/// an orchestrator may be handed the other one's outcome, so each says what it answers.
/// </summary>
internal abstract record Outcome
{
    /// <summary>The question that it answers; null in a history that an older version of the app wrote.</summary>
    public string? Question { get; init; }

    /// <summary>Whether it answers a question.</summary>
    public bool Answers(JobInput input, string activity) => Question is null ? MayAnswer(input) : Question == input.Question(activity);

    /// <summary>Whether an outcome that doesn't say its question may answer it.</summary>
    protected virtual bool MayAnswer(JobInput input) => true;
}

/// <summary>An outcome that is a yes or a no.</summary>
/// <param name="IsTrue">Whether it is a yes.</param>
[JsonConverter(typeof(Json))]
internal sealed record YesOrNo(bool IsTrue) : Outcome
{
    /// <summary>Reads what older versions of the app wrote too: the bare truth.</summary>
    private sealed class Json : JsonConverter<YesOrNo>
    {
        public override YesOrNo Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            var value = JsonElement.ParseValue(ref reader);
            return value.ValueKind == JsonValueKind.Object
                ? new YesOrNo(value.TryGetProperty(nameof(IsTrue), out var found) && found.ValueKind == JsonValueKind.True)
                {
                    Question = value.TryGetProperty(nameof(Question), out var question) ? question.GetString() : null,
                }
                : new YesOrNo(value.ValueKind == JsonValueKind.True);
        }

        public override void Write(Utf8JsonWriter writer, YesOrNo value, JsonSerializerOptions options)
        {
            writer.WriteStartObject();
            writer.WriteBoolean(nameof(IsTrue), value.IsTrue);
            writer.WriteString(nameof(Question), value.Question);
            writer.WriteEndObject();
        }
    }
}

/// <summary>Asks for a leg of a call.</summary>
/// <param name="Job">The job.</param>
/// <param name="Index">The call's place in it.</param>
/// <param name="Leg">The leg's number; one that was run before is not run again.</param>
internal sealed record LegInput(string Job, int Index, int Leg) : JobInput(Job)
{
    /// <summary>Whether the job is a list.</summary>
    public bool IsOfList { get; init; }

    /// <inheritdoc/>
    protected override string Part() => $" call {Index} leg {Leg}";
}

/// <summary>What became of a leg.</summary>
/// <param name="Index">The call's place in its job.</param>
/// <param name="Ended">How the call ended; null where it goes on.</param>
/// <param name="Leg">The number of its next leg.</param>
/// <param name="WakeAt">When that is due.</param>
internal sealed record LegOutcome(int Index, JobItemState? Ended, int Leg, DateTimeOffset WakeAt) : Outcome
{
    /// <summary>Whether it waits only for the limiter's room, and so may ask before that.</summary>
    public bool WaitsForRoom { get; init; }

    /// <inheritdoc/>
    protected override bool MayAnswer(JobInput input) => input is LegInput leg && leg.Index == Index;
}

/// <summary>Ends a job.</summary>
/// <param name="Job">The job.</param>
/// <param name="Ended">How its calls ended.</param>
internal sealed record EndJobInput(string Job, JobTally Ended) : JobInput(Job);

/// <summary>Who waits for a job's outcome.</summary>
/// <param name="HasQueue">A queue does.</param>
/// <param name="HasWebhook">A webhook does.</param>
internal sealed record JobReceivers(bool HasQueue, bool HasWebhook) : Outcome;

/// <summary>Asks for an attempt at a webhook.</summary>
/// <param name="Job">The job.</param>
/// <param name="Attempt">The attempt's number, from 1.</param>
internal sealed record WebhookInput(string Job, int Attempt) : JobInput(Job)
{
    /// <inheritdoc/>
    protected override string Part() => $" attempt {Attempt}";
}

/// <summary>What became of the attempt.</summary>
/// <param name="RetryAfter">How long to wait for the next one; null where none is to be made.</param>
internal sealed record WebhookStep(TimeSpan? RetryAfter) : Outcome;

/// <summary>What a provider's batch answered.</summary>
/// <param name="Succeeded">How many calls it answered; the others are paced.</param>
internal sealed record BatchAnswers(int Succeeded) : Outcome;
