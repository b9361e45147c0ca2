namespace FuncLimiter.Providers.Responses;

/// <summary>A failure as it arrived.</summary>
/// <param name="Status">The HTTP status, or the one that an error inside a 200 stands for.</param>
/// <param name="Error">The body.</param>
/// <param name="Headers">The headers; none where the error came inside a 200, whose hints pause nothing.</param>
/// <param name="Limits">The limits reported.</param>
internal readonly record struct Failure(int Status, ErrorBody Error, HeaderValues Headers, LimitTable Limits)
{
    /// <summary>The message, never null.</summary>
    public string Text => Error.Text;

    /// <summary>
    /// The longest reset in seconds of the windows of which nothing is left; null where none is exhausted. A refusal that tells the reset of
    /// one window, and of none what remains, means that one.
    /// </summary>
    public double? ResetOfExhausted() => Limits.ResetOfExhausted()
        ?? (Status == 429 && Limits.Named.Values.All(limit => limit.Remaining is null) && Limits.Named.Values.Count(limit => limit.ResetSeconds is not null) == 1
            ? Limits.Named.Values.Max(limit => limit.ResetSeconds)
            : null);

    /// <summary>True when the message contains the words, in any case.</summary>
    public bool Says(string words) => Text.Contains(words, StringComparison.OrdinalIgnoreCase);
}

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
