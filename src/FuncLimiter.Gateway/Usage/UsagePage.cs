namespace FuncLimiter.Gateway.Usage;

/// <summary>Some lines of an answer.</summary>
/// <param name="Lines">The lines, in order.</param>
/// <param name="Total">The sum of all that the question takes, lines of other pages included.</param>
/// <param name="HasMore">Whether there are lines after them.</param>
public sealed record UsagePage(IReadOnlyList<UsageLine> Lines, UsageTotals Total, bool HasMore);

/// <summary>One line of an answer.</summary>
/// <param name="Place">Its span and labels.</param>
/// <param name="Totals">What its calls used.</param>
public sealed record UsageLine(UsagePlace Place, UsageTotals Totals);
