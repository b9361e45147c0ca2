using System.Text.Json;
using FuncLimiter.Core.Pacing;
using FuncLimiter.Gateway.Jobs;

namespace FuncLimiter.Functions.Storage;

/// <summary>Where one call of a job stands, in its row: who runs its leg now, where the last one left it, or how it ended.</summary>
/// <param name="Row">The row.</param>
internal sealed record LegRow(Row Row)
{
    private const string RunBy = "RunBy";
    private const string AliveUntil = "AliveUntil";

    private static readonly JsonSerializerOptions Json = new() { IgnoreReadOnlyProperties = true };

    /// <summary>The number of the next leg.</summary>
    public int Leg => (int)Row.Number("Leg");

    /// <summary>When that is due.</summary>
    public DateTimeOffset WakeAt => Row.Time("WakeAt") ?? DateTimeOffset.MinValue;

    /// <summary>How often a leg was cut off by the end of its process.</summary>
    public int Cuts => (int)Row.Number("Cuts");

    /// <summary>How it ended; null before.</summary>
    public JobItemState? Ended => Row.Time("EndedAt") is null ? null : (JobItemState)Row.Number("State");

    /// <summary>Where it was left.</summary>
    public PacingState State => Row.Text("Pacing") is { } text ? JsonSerializer.Deserialize<PacingState>(text, Json)! : PacingState.New;

    /// <summary>A call that has not begun.</summary>
    public static LegRow New(string job, int index) => new(new Row(job, JobRows.ItemKey(index)));

    /// <summary>Until when somebody runs it; null where nobody does.</summary>
    public DateTimeOffset? RunUntil => Row.Text(RunBy) is null ? null : Row.Time(AliveUntil);

    /// <summary>The same, run by somebody.</summary>
    public LegRow Under(string runner, DateTimeOffset aliveUntil) => Changed(values =>
    {
        values["Cuts"] = (long)(Cuts + (RunUntil is null ? 0 : 1));
        (values[RunBy], values[AliveUntil]) = (runner, aliveUntil);
    });

    /// <summary>The same, still run.</summary>
    public LegRow Alive(DateTimeOffset aliveUntil) => Changed(values => values[AliveUntil] = aliveUntil);

    /// <summary>The same, left by its runner to wait for the next leg.</summary>
    public LegRow Asleep(PacingState state, DateTimeOffset wakeAt) => Changed(values =>
    {
        (values["Leg"], values["WakeAt"]) = ((long)(Leg + 1), wakeAt);
        values["Pacing"] = JsonSerializer.Serialize(state, Json);
        values.Remove(RunBy);
    });

    /// <summary>The same, left by its runner for good; how it ended is still to be put in.</summary>
    public LegRow Over() => Changed(values =>
    {
        values.Remove(RunBy);
        values.Remove("Pacing");
    });

    /// <summary>The same as it was last written.</summary>
    public LegRow Written(string tag) => new(Row with { Tag = tag });

    private LegRow Changed(Action<Dictionary<string, object>> change)
    {
        var values = new Dictionary<string, object>(Row.Values, StringComparer.Ordinal);
        change(values);
        return new LegRow(Row with { Values = values });
    }
}
