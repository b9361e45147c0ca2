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

    /// <summary>True when the message contains the words, in any case.</summary>
    public bool Says(string words) => Text.Contains(words, StringComparison.OrdinalIgnoreCase);
}
