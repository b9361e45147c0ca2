namespace FuncLimiter.Providers.Responses;

/// <summary>What a failure is, before hints and overrides are weighed.</summary>
/// <param name="Reason">One of <see cref="Reasons"/>.</param>
/// <param name="Retryable">Whether a later try can work.</param>
internal readonly record struct Verdict(string Reason, bool Retryable)
{
    /// <summary>The limit that was full, by its name in readings; null where unknown.</summary>
    public string? Limit { get; init; }

    /// <summary>That limit's window, see <see cref="Windows"/>; null where unknown.</summary>
    public string? Window { get; init; }

    /// <summary>True where it concerns the whole account.</summary>
    public bool WholeAccount { get; init; }

    /// <summary>A hint that is better than any that the response gives.</summary>
    public RetryHint? Hint { get; init; }

    /// <summary>True where the waits that the body names are known to be wrong.</summary>
    public bool IgnoresBody { get; init; }

    /// <summary>A later try can work.</summary>
    public static Verdict Later(string reason) => new(reason, true);

    /// <summary>A later try fails as well.</summary>
    public static Verdict Final(string reason) => new(reason, false);

    /// <summary>Only a person can mend it, and no model of the account works until then.</summary>
    public static Verdict Exhausted() => new(Reasons.QuotaExhausted, false) { WholeAccount = true };

    /// <summary>A limit is full.</summary>
    public static Verdict Full(string? limit, string? window = null) =>
        new(LimitNames.ReasonOf(limit), true) { Limit = limit, Window = window };
}
