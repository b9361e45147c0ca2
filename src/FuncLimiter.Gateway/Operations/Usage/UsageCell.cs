using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Calls;

namespace FuncLimiter.Gateway.Operations.Usage;

/// <summary>What the calls of one key used within one span.</summary>
/// <param name="From">When the span began.</param>
/// <param name="Key">What the calls have in common.</param>
/// <param name="Totals">What they used.</param>
internal sealed record UsageCell(DateTimeOffset From, UsageKey Key, UsageTotals Totals);

/// <summary>What calls must have in common to be summed up together; empty texts where something has no name.</summary>
/// <param name="Tenant">The tenant.</param>
/// <param name="User">Its user.</param>
/// <param name="Workflow">The workflow.</param>
/// <param name="Step">The step.</param>
/// <param name="Run">The run.</param>
/// <param name="Route">The name asked for.</param>
/// <param name="Deployment">What served, as <c>account/model</c>.</param>
/// <param name="Tier">Its tier.</param>
/// <param name="Priority">The priority.</param>
/// <param name="IsBatch">Whether the provider's batch service answered.</param>
internal sealed record UsageKey(
    string Tenant, string User, string Workflow, string Step, string Run, string Route, string Deployment, string Tier, Priority Priority, bool IsBatch)
{
    /// <summary>What stands for names beyond those that are kept apart.</summary>
    public const string Others = "(other)";

    private const int HashBytes = 16;

    /// <summary>The account that served.</summary>
    public string Account => Deployment.IndexOf('/', StringComparison.Ordinal) is >= 0 and var end ? Deployment[..end] : string.Empty;

    /// <summary>The model that served.</summary>
    public string Model => Deployment[(Deployment.IndexOf('/', StringComparison.Ordinal) + 1)..];

    /// <summary>The label of a dimension.</summary>
    public string this[UsageDimension dimension] => dimension switch
    {
        UsageDimension.Tenant => Tenant,
        UsageDimension.User => User,
        UsageDimension.Workflow => Workflow,
        UsageDimension.Step => Step,
        UsageDimension.Run => Run,
        UsageDimension.Route => Route,
        UsageDimension.Model => Model,
        UsageDimension.Account => Account,
        UsageDimension.Deployment => Deployment,
        UsageDimension.Tier => Tier,
        UsageDimension.Priority => UsageNames.Of(Priority),
        _ => UsageNames.Channel(IsBatch),
    };

    /// <summary>What a record is summed up under.</summary>
    public static UsageKey Of(UsageRecord record, UsageGrain grain)
    {
        var caller = record.Caller;
        return new UsageKey(
            caller.Tenant, caller.User ?? string.Empty, caller.Workflow ?? string.Empty, caller.Step ?? string.Empty,
            grain == UsageGrain.Hour ? caller.Run ?? string.Empty : string.Empty,
            record.Route, record.Deployment ?? string.Empty, record.Tier ?? string.Empty, caller.Priority, record.IsBatch);
    }

    /// <summary>The same without the names that callers are free to choose.</summary>
    public UsageKey Folded() => this with
    {
        User = Fold(User),
        Workflow = Fold(Workflow),
        Step = Fold(Step),
        Run = Fold(Run),
    };

    /// <summary>A key of fixed length for storage: the beginning of a SHA-256.</summary>
    public byte[] Hash()
    {
        var text = string.Join('\n', User, Workflow, Step, Run, Route, Deployment, Tier, UsageNames.Of(Priority), UsageNames.Channel(IsBatch), Tenant);
        return SHA256.HashData(Encoding.UTF8.GetBytes(text))[..HashBytes];
    }

    private static string Fold(string name) => name.Length == 0 ? name : Others;
}

/// <summary>Where a line stands: lines are in order of their span, then of their labels one after the other.</summary>
/// <param name="From">The beginning of its span; the least there is where lines are for the whole time.</param>
/// <param name="Labels">The labels it is grouped by.</param>
internal sealed record UsagePlace(DateTimeOffset From, IReadOnlyList<string> Labels)
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
