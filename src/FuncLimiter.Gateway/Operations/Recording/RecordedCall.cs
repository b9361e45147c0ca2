using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Estimation;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Gateway.Operations.Recording;

/// <summary>One line of a record: a call's shape and what became of it. Names are hashed; of its text there is the length.</summary>
internal sealed record RecordedCall
{
    /// <summary>When it came.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Its tenant's name, hashed.</summary>
    public required string Tenant { get; init; }

    /// <summary>The name asked for.</summary>
    public required string Route { get; init; }

    /// <summary>Its class.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required Priority Priority { get; init; }

    /// <summary>What became of it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required UsageOutcome Outcome { get; init; }

    /// <summary>Why it was refused; null where it was not, or an earlier version wrote it.</summary>
    public RefusalReason? RefusedFor { get; init; }

    public string? User { get; init; }

    public string? Workflow { get; init; }

    public string? Step { get; init; }

    public string? Run { get; init; }

    public Operation Operation { get; init; }

    /// <summary>Bytes of its prompt's text.</summary>
    public int Bytes { get; init; }

    public int Characters { get; init; }

    public double Words { get; init; }

    /// <summary>Tokens of its prompt by a count of its words.</summary>
    public double Counted { get; init; }

    public ContentKind Content { get; init; }

    public int Images { get; init; }

    /// <summary>The bound on output that it states.</summary>
    public long? MaxOutput { get; init; }

    public int Choices { get; init; } = 1;

    public bool AsksForCache { get; init; }

    /// <summary>The tokens foreseen, for calls that never used any.</summary>
    public long ForeseenInput { get; init; }

    public long ForeseenOutput { get; init; }

    /// <summary>The longest wait that its caller bore, in milliseconds; null leaves its class's.</summary>
    public double? MayWaitMs { get; init; }

    /// <summary>The same for a call that is made again, otherwise different; hashed.</summary>
    public long Identity { get; init; }

    public bool IsIdentified { get; init; }

    public bool? IsBack { get; init; }

    public Diversion Diversion { get; init; }

    /// <summary>Deployments that could not be asked this; null for none.</summary>
    public IReadOnlyList<string>? NotAt { get; init; }

    /// <summary>The attempts that failed; null for none.</summary>
    public IReadOnlyList<RecordedFailure>? Failures { get; init; }

    public string? Deployment { get; init; }

    public bool IsBatch { get; init; }

    public long? Input { get; init; }

    public long? Output { get; init; }

    public long CacheRead { get; init; }

    public long CacheWrite { get; init; }

    public long Reasoning { get; init; }

    /// <summary>How long it waited for room, and between attempts, in milliseconds.</summary>
    public double WaitedMs { get; init; }

    /// <summary>From its receipt to its end, in milliseconds.</summary>
    public double TookMs { get; init; }

    public decimal? CostUsd { get; init; }

    /// <summary>Whether the provider itself told the cost.</summary>
    public bool IsCostTold { get; init; }

    /// <summary>What it used; null where nobody told.</summary>
    [JsonIgnore]
    public TokenUsage? Usage => Input is { } input ? new(input, Output ?? 0, CacheRead, CacheWrite, Reasoning) : null;

    /// <summary>The line of a call that ended; null where it goes on, or nothing is known that could be played.</summary>
    public static RecordedCall? Of(UsageRecord record, RecordNames names)
    {
        if (record.Outcome is UsageOutcome.Postponed or UsageOutcome.Unfinished || record is { Shape: null, Usage: null })
        {
            return null;
        }

        var (caller, usage) = (record.Caller, record.Usage);
        var line = new RecordedCall
        {
            At = record.At - record.Duration,
            Tenant = names.Tenant(caller.Tenant),
            Route = record.Route,
            Priority = caller.Priority,
            Outcome = record.Outcome,
            RefusedFor = record.Outcome == UsageOutcome.Refused ? record.RefusedFor : null,
            User = names.Within("user", caller.Tenant, caller.User),
            Workflow = names.Within("workflow", caller.Tenant, caller.Workflow),
            Step = names.Within("step", caller.Tenant, caller.Step),
            Run = names.Within("run", caller.Tenant, caller.Run),
            Operation = record.Operation,
            Deployment = record.Deployment,
            IsBatch = record.IsBatch,
            Input = usage?.InputTokens,
            Output = usage?.OutputTokens,
            CacheRead = usage?.CacheReadTokens ?? 0,
            CacheWrite = usage?.CacheWriteTokens ?? 0,
            Reasoning = usage?.ReasoningTokens ?? 0,
            WaitedMs = record.Waited.TotalMilliseconds,
            TookMs = record.Duration.TotalMilliseconds,
            CostUsd = record.CostUsd,
        };
        return record.Shape is { } shape ? line.With(shape, names) : line with { ForeseenInput = line.Input ?? 0, ForeseenOutput = line.Output ?? 0 };
    }

    private RecordedCall With(CallShape shape, RecordNames names) => this with
    {
        Bytes = shape.Facts.TextBytes,
        Characters = shape.Facts.Characters,
        Words = shape.Facts.Words,
        Counted = shape.Facts.Tokens,
        Content = shape.Facts.Content,
        Images = shape.Facts.Images,
        MaxOutput = shape.Facts.MaxOutputTokens,
        Choices = shape.Facts.Choices,
        AsksForCache = shape.Facts.AsksForCache,
        ForeseenInput = shape.Foreseen.InputTokens,
        ForeseenOutput = shape.Foreseen.OutputTokens,
        MayWaitMs = shape.MaxWait?.TotalMilliseconds,
        Identity = names.Identity(shape.Identity),
        IsIdentified = shape.IsIdentified,
        IsBack = shape.IsBack,
        Diversion = shape.Diversion,
        NotAt = shape.NotAt is [] ? null : shape.NotAt,
        Failures = shape.Failures is [] ? null : [.. shape.Failures.Select(failure => new RecordedFailure(failure.Kind, failure.RetryAfter?.TotalMilliseconds, failure.Took.TotalMilliseconds))],
        IsCostTold = shape.IsCostTold,
    };
}

/// <summary>An attempt that failed.</summary>
/// <param name="Kind">How.</param>
/// <param name="RetryAfterMs">When to come back, in milliseconds, as the provider told it.</param>
/// <param name="TookMs">How long it took, in milliseconds.</param>
internal sealed record RecordedFailure(OutcomeKind Kind, double? RetryAfterMs, double TookMs);

/// <summary>The line with which a file, and each start of a server, begins.</summary>
/// <param name="Record">The form's version.</param>
/// <param name="Key">A print of the key with which names are hashed, to tell keys apart.</param>
/// <param name="From">Since when it records.</param>
internal sealed record RecordHead(int Record, string Key, DateTimeOffset From)
{
    /// <summary>The version that is written.</summary>
    public const int Current = 1;
}

/// <summary>Calls that are missing here.</summary>
/// <param name="Lost">How many: the disk could not take them, or not as fast as they came.</param>
internal sealed record RecordGap(long Lost);

/// <summary>Names as they stand in a record: hashed with a key, the same for the same name.</summary>
internal sealed class RecordNames(string key)
{
    private const int HashBytes = 8;
    private readonly byte[] _key = Encoding.UTF8.GetBytes(key);

    /// <summary>Tells this key from others, and nothing of it.</summary>
    public string Print => Hash("the key itself");

    public string Tenant(string tenant) => Hash($"tenant\n{tenant}");

    /// <summary>The name of something of a tenant's; null where there is none.</summary>
    public string? Within(string kind, string tenant, string? name) => name is null ? null : Hash($"{kind}\n{tenant}\n{name}");

    public long Identity(long identity) => BitConverter.ToInt64(Sum($"call\n{identity}")) | 1;

    private string Hash(string text) => Convert.ToHexStringLower(Sum(text).AsSpan(0, HashBytes));

    private byte[] Sum(string text) => HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes(text));
}

/// <summary>The lines of a record as JSON.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web, UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(RecordedCall))]
[JsonSerializable(typeof(RecordHead))]
[JsonSerializable(typeof(RecordGap))]
internal sealed partial class RecordJson : JsonSerializerContext;
