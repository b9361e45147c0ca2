using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace FuncLimiter.Core.Budgets;

/// <summary>A point in time in UTC, to 100 nanoseconds. Core never reads a clock: instants come in from the host.</summary>
/// <param name="Ticks">100-nanosecond ticks since 0001-01-01T00:00:00Z, as in <see cref="DateTime.Ticks"/>.</param>
[JsonConverter(typeof(InstantJson))]
public readonly record struct Instant(long Ticks) : IComparable<Instant>
{
    /// <summary>Before everything: the instant of what has never happened.</summary>
    public static readonly Instant Distant = new(0);

    /// <summary>Not to be foreseen: what is waited for is an event (a settlement, a checkpoint), not a time.</summary>
    public static readonly Instant Unknown = new(long.MaxValue - 1);

    /// <summary>Will not come: the charge is larger than the whole limit.</summary>
    public static readonly Instant Never = new(long.MaxValue);

    /// <summary>True when this is a real time, neither <see cref="Unknown"/> nor <see cref="Never"/>.</summary>
    public bool IsKnown => Ticks < Unknown.Ticks;

    /// <summary>The same point in time as the framework writes it.</summary>
    public DateTimeOffset ToDateTimeOffset() => new(Math.Clamp(Ticks, 0, DateTime.MaxValue.Ticks), TimeSpan.Zero);

    /// <summary>The instant of a time with an offset.</summary>
    public static Instant From(DateTimeOffset time) => new(time.UtcTicks);

    /// <summary>The later of two.</summary>
    public static Instant Max(Instant left, Instant right) => left.Ticks >= right.Ticks ? left : right;

    /// <summary>The earlier of two.</summary>
    public static Instant Min(Instant left, Instant right) => left.Ticks <= right.Ticks ? left : right;

    /// <summary>Shifts by a span; the unknown and the never stay what they are.</summary>
    public static Instant operator +(Instant instant, TimeSpan span) => instant.Plus(span.Ticks);

    /// <summary>Shifts back by a span; the unknown and the never stay what they are.</summary>
    public static Instant operator -(Instant instant, TimeSpan span) => instant.Plus(-span.Ticks);

    /// <summary>The span from one instant to another.</summary>
    public static TimeSpan operator -(Instant left, Instant right) => new(left.Ticks - right.Ticks);

    /// <summary>Earlier than.</summary>
    public static bool operator <(Instant left, Instant right) => left.Ticks < right.Ticks;

    /// <summary>Later than.</summary>
    public static bool operator >(Instant left, Instant right) => left.Ticks > right.Ticks;

    /// <summary>Not later than.</summary>
    public static bool operator <=(Instant left, Instant right) => left.Ticks <= right.Ticks;

    /// <summary>Not earlier than.</summary>
    public static bool operator >=(Instant left, Instant right) => left.Ticks >= right.Ticks;

    /// <inheritdoc/>
    public int CompareTo(Instant other) => Ticks.CompareTo(other.Ticks);

    /// <inheritdoc/>
    public override string ToString() =>
        this == Never ? "never" : this == Unknown ? "unknown" : ToDateTimeOffset().ToString("O", CultureInfo.InvariantCulture);

    private Instant Plus(long ticks) =>
        !IsKnown ? this : new(Math.Clamp(Ticks + ticks, 0, Unknown.Ticks - 1));
}

/// <summary>Writes an instant as its ticks.</summary>
public sealed class InstantJson : JsonConverter<Instant>
{
    /// <inheritdoc/>
    public override Instant Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => new(reader.GetInt64());

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, Instant value, JsonSerializerOptions options) => writer.WriteNumberValue(value.Ticks);
}

/// <summary>What happened to a meter between a request's leaving and its answer's report, which was stamped at some instant between.</summary>
/// <param name="SentAt">When the request left.</param>
/// <param name="Taken">What was taken since, after the request itself; the report may or may not count it.</param>
/// <param name="UnderWay">What is held for calls not settled yet; the provider may have counted all of it, a part, or more.</param>
public readonly record struct Elapsed(Instant SentAt, double Taken = 0, double UnderWay = 0);
