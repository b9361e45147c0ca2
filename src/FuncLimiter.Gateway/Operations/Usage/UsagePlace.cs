using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace FuncLimiter.Gateway.Operations.Usage;

/// <summary>Where a line stands: lines are in order of their span, then of their labels one after the other.</summary>
/// <param name="From">The beginning of its span; the least there is where lines are for the whole time.</param>
/// <param name="Labels">The labels it is grouped by.</param>
public sealed record UsagePlace(DateTimeOffset From, IReadOnlyList<string> Labels)
{
    /// <summary>The order of lines.</summary>
    public static IComparer<UsagePlace> Order { get; } = Comparer<UsagePlace>.Create(Compare);

    /// <inheritdoc/>
    public bool Equals(UsagePlace? other) => other is not null && From == other.From && Labels.SequenceEqual(other.Labels);

    /// <inheritdoc/>
    public override int GetHashCode() => Labels.Aggregate(From.GetHashCode(), HashCode.Combine);

    /// <summary>The place as a text without letters that an address would escape.</summary>
    public string Write() =>
        Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes([From.UtcTicks.ToString(Invariant), .. Labels], UsageJson.Default.StringArray));

    /// <summary>Reads such a text; null where it is none of a question with so many labels.</summary>
    public static UsagePlace? Read(string text, int labels)
    {
        try
        {
            return JsonSerializer.Deserialize(Base64Url.DecodeFromChars(text), UsageJson.Default.StringArray) is [{ } ticks, .. var rest]
                && long.TryParse(ticks, NumberStyles.None, Invariant, out var at) && at <= DateTime.MaxValue.Ticks
                && rest.Length == labels && Array.TrueForAll(rest, static label => label is not null)
                ? new UsagePlace(new DateTimeOffset(at, TimeSpan.Zero), rest)
                : null;
        }
        catch (Exception broken) when (broken is FormatException or JsonException or DecoderFallbackException)
        {
            return null;
        }
    }

    private static int Compare(UsagePlace left, UsagePlace right)
    {
        var order = left.From.CompareTo(right.From);
        for (var place = 0; order == 0 && place < left.Labels.Count; place++)
        {
            order = string.CompareOrdinal(left.Labels[place], right.Labels[place]);
        }

        return order;
    }

    private static CultureInfo Invariant => CultureInfo.InvariantCulture;
}

[JsonSerializable(typeof(string[]))]
internal sealed partial class UsageJson : JsonSerializerContext;
