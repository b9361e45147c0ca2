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
