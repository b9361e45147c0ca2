namespace FuncLimiter.Core.Budgets;

/// <summary>An estimate held in all budgets of a call until it is settled or expires.</summary>
public sealed class Reservation
{
    private Charge[] marks = [];

    /// <summary>When it was taken.</summary>
    public Instant TakenAt { get; private set; }

    /// <summary>When the call left for its provider, as far as that is told: from then on its provider counts it.</summary>
    public Instant SentAt { get; private set; }

    /// <summary>What is held of the deployment's budgets: its own, its account's, the shared ones.</summary>
    public Charge Provider { get; private set; }

    /// <summary>What is held of the tenant's and the user's budgets.</summary>
    public Charge Consumer => Call is { } call ? call.Consumer : default;

    /// <summary>True from settlement, or from expiry, on.</summary>
    public bool IsSettled { get; internal set; } = true;

    /// <summary>The deployment that it was taken for, as <c>account/model</c>; null before.</summary>
    public string? Deployment => Call?.Deployment?.Id;

    internal Scheduling.Call? Call { get; private set; }

    /// <summary>Whether its answer reported something of the limits.</summary>
    internal bool HasReport { get; set; }

    /// <summary>The charge by the documented rule, whatever is held.</summary>
    internal Charge Documented => Call is { Place: >= 0 } call ? call.Provider[call.Place] : default;

    /// <summary>What one of its deployment's budgets read once this was taken.</summary>
    /// <param name="scope">The budget's place among the deployment's scopes.</param>
    internal ref readonly Charge MarkOf(int scope) => ref marks[scope];

    internal void Begin(Scheduling.Call call, in Charge held, ReadOnlySpan<Budget> scopes, Instant now)
    {
        Call = call;
        Provider = held;
        (IsSettled, HasReport) = (false, false);
        TakenAt = now;
        if (marks.Length < scopes.Length)
        {
            marks = new Charge[scopes.Length];
        }

        Leave(scopes, now);
    }

    internal void Leave(ReadOnlySpan<Budget> scopes, Instant now)
    {
        SentAt = now;
        for (var i = 0; i < scopes.Length; i++)
        {
            marks[i] = scopes[i].Taken;
        }
    }
}

/// <summary>What replaces a reservation once a call is over.</summary>
/// <param name="Provider">What the provider counted, by its own rule: the charge of the account and the deployment.</param>
/// <param name="Consumer">What was really used: the charge of the tenant and the user.</param>
public readonly record struct Settlement(Charge Provider, Charge Consumer)
{
    /// <summary>The tokens used; null where they are not known. Needed where the provider charges by another rule than it documents.</summary>
    public TokenUsage? Usage { get; init; }
}

/// <summary>What a call really used, in tokens, normalised over providers.</summary>
/// <param name="InputTokens">All input tokens, cache reads and cache writes included.</param>
/// <param name="OutputTokens">All output tokens, reasoning included.</param>
/// <param name="CacheReadTokens">Input tokens read from a prompt cache.</param>
/// <param name="CacheWriteTokens">Input tokens written to a prompt cache.</param>
/// <param name="ReasoningTokens">Output tokens spent on reasoning.</param>
public readonly record struct TokenUsage(
    long InputTokens, long OutputTokens, long CacheReadTokens = 0, long CacheWriteTokens = 0, long ReasoningTokens = 0)
{
    /// <summary>Input and output tokens together.</summary>
    public long TotalTokens => InputTokens + OutputTokens;
}
