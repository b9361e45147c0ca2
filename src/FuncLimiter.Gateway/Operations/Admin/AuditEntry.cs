using System.Text.Json;
using System.Text.Json.Serialization;

namespace FuncLimiter.Gateway.Operations.Admin;

/// <summary>One change that an operator made, as it stands in the audit.</summary>
/// <param name="At">When.</param>
/// <param name="Actor">Who: <c>local</c>, or <c>key</c> and the beginning of the admin key's SHA-256.</param>
/// <param name="Change">What.</param>
/// <param name="Reason">Why, in the operator's words; null where none were given.</param>
internal sealed record AuditEntry(DateTimeOffset At, string Actor, AdminChange Change, string? Reason);

/// <summary>A change that an operator makes. It can be made again after a restart, so that what was changed stays changed.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "action")]
[JsonDerivedType(typeof(PauseChange), "pause")]
[JsonDerivedType(typeof(LimitChange), "limit")]
[JsonDerivedType(typeof(WeightChange), "weight")]
[JsonDerivedType(typeof(RevocationChange), "revocation")]
[JsonDerivedType(typeof(ForgetChange), "forget")]
[JsonDerivedType(typeof(PinChange), "pin")]
[JsonDerivedType(typeof(RaiseChange), "raise")]
[JsonDerivedType(typeof(KeyChange), "key")]
internal abstract record AdminChange
{
    /// <summary>What it changes: of two changes of the same, the later one holds.</summary>
    [JsonIgnore]
    public abstract string Target { get; }
}

/// <summary>Closes a scope until a time, or opens it where that has passed.</summary>
/// <param name="Scope">The budget's name, for example <c>deployment:openai-east/gpt-x</c> or <c>tenant:acme</c>.</param>
/// <param name="Until">Until when.</param>
internal sealed record PauseChange(string Scope, DateTimeOffset Until) : AdminChange
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Target => $"pause {Scope}";
}

/// <summary>Gives a limit another amount.</summary>
/// <param name="Scope">The budget's name.</param>
/// <param name="Dimension">What the limit counts: <c>requests</c>, <c>tokens</c>, <c>inputTokens</c>, <c>outputTokens</c> or <c>concurrent</c>.</param>
/// <param name="WindowSeconds">Its window in seconds; 0 for calls under way.</param>
/// <param name="Amount">The new amount for a window.</param>
internal sealed record LimitChange(string Scope, string Dimension, double WindowSeconds, long Amount) : AdminChange
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Target => $"limit {Scope} {Dimension} {WindowSeconds}";
}

/// <summary>Gives a tenant another weight.</summary>
/// <param name="Tenant">The tenant.</param>
/// <param name="Weight">Its new weight.</param>
internal sealed record WeightChange(string Tenant, double Weight) : AdminChange
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Target => $"weight {Tenant}";
}

/// <summary>Takes a key from a tenant.</summary>
/// <param name="Tenant">The tenant.</param>
/// <param name="Hash">The key's SHA-256, lower-case hexadecimal.</param>
/// <param name="From">From when on; null for at once.</param>
internal sealed record RevocationChange(string Tenant, string Hash, DateTimeOffset? From = null) : AdminChange
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Target => $"revocation {Hash}";
}

/// <summary>Forgets what was learned of a provider's budget. Done once: it is not made again after a restart.</summary>
/// <param name="Scope">The budget's name.</param>
internal sealed record ForgetChange(string Scope) : AdminChange
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Target => $"forget {Scope}";
}

/// <summary>Charges what a provider's budget counts by a rule, until what was learned of it is forgotten.</summary>
/// <param name="Scope">The budget's name.</param>
/// <param name="Dimension">Which tokens: <c>tokens</c>, <c>inputTokens</c> or <c>outputTokens</c>.</param>
/// <param name="Rule">The rule, as the status names it.</param>
internal sealed record PinChange(string Scope, string Dimension, string Rule) : AdminChange
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Target => $"pin {Scope} {Dimension}";
}

/// <summary>Gives a tenant a further key. What is kept of it is its hash.</summary>
/// <param name="Tenant">The tenant.</param>
/// <param name="Hash">The key's SHA-256, lower-case hexadecimal.</param>
/// <param name="Prefix">How it begins.</param>
/// <param name="Expires">The last day, in UTC, on which it is taken; null for ever.</param>
/// <param name="Scope">What it may be used for; null for everything.</param>
internal sealed record KeyChange(string Tenant, string Hash, string Prefix, DateOnly? Expires, IReadOnlyList<string>? Scope) : AdminChange
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Target => $"key {Prefix}...";
}

/// <summary>Gives a spending budget more for its present period. It is stored with what is spent, and not made again at a start.</summary>
/// <param name="Budget">The budget's name, for example <c>run:acme/nightly-17</c>.</param>
/// <param name="Usd">How many US dollars more.</param>
/// <param name="Tokens">How many tokens more.</param>
/// <param name="Calls">How many calls more.</param>
/// <param name="Seconds">How many seconds longer a run may last.</param>
internal sealed record RaiseChange(string Budget, decimal Usd, long Tokens, long Calls, double Seconds) : AdminChange
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Target => $"raise {Budget}";
}

/// <summary>Keeps what operators changed.</summary>
internal interface IAuditLog
{
    /// <summary>Keeps an entry; done means kept for good.</summary>
    Task AppendAsync(AuditEntry entry, CancellationToken cancellationToken);

    /// <summary>The entries kept, oldest first; of very many the last ones.</summary>
    Task<IReadOnlyList<AuditEntry>> ReadAsync(CancellationToken cancellationToken);
}

/// <summary>For hosts that keep nothing: the last entries while the process lives. Every entry stands in the log as well.</summary>
internal sealed class RecentAudit : IAuditLog
{
    private const int Most = 1_000;

    private readonly Lock _gate = new();
    private readonly Queue<AuditEntry> _entries = new();

    /// <inheritdoc/>
    public Task AppendAsync(AuditEntry entry, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            _entries.Enqueue(entry);
            if (_entries.Count > Most)
            {
                _entries.Dequeue();
            }
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<AuditEntry>> ReadAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return Task.FromResult<IReadOnlyList<AuditEntry>>([.. _entries]);
        }
    }
}

/// <summary>How changes are read and written.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AuditEntry))]
[JsonSerializable(typeof(AuditEntry[]))]
[JsonSerializable(typeof(AdminAsk))]
internal sealed partial class AdminJson : JsonSerializerContext;

/// <summary>What an operator asks for, in any of the admin paths' bodies.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record AdminAsk
{
    public string? Scope { get; init; }

    public string? Tenant { get; init; }

    public double? Seconds { get; init; }

    public string? Dimension { get; init; }

    public string? Rule { get; init; }

    public double? WindowSeconds { get; init; }

    public long? Amount { get; init; }

    public double? Weight { get; init; }

    public string? Hash { get; init; }

    public string? Prefix { get; init; }

    public string? Expires { get; init; }

    public IReadOnlyList<string>? Uses { get; init; }

    public string? Replaces { get; init; }

    public double? GraceSeconds { get; init; }

    public string? Budget { get; init; }

    public decimal? Usd { get; init; }

    public long? Tokens { get; init; }

    public long? Calls { get; init; }

    public string? Reason { get; init; }
}
