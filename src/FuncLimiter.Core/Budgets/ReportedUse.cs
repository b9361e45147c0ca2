namespace FuncLimiter.Core.Budgets;

/// <summary>
/// How much a provider had counted when the last of the calls answered so far arrived there. Reports are stamped on arrival, answers come
/// back in any order, and calls sent within a jitter of one another may have overtaken each other: of those the highest report is the one
/// that counts them all.
/// </summary>
internal struct ReportedUse
{
    private Instant sentAt;

    /// <summary>What the provider had counted then, in units of the limit. With what is still under way it bounds what it has counted by now.</summary>
    public double Amount { get; private set; }

    /// <summary>Takes a report.</summary>
    /// <param name="amount">What the provider had counted when it arrived.</param>
    /// <param name="sent">When its call was sent.</param>
    /// <param name="jitter">How far apart two calls may be sent and still overtake one another.</param>
    public void Note(double amount, Instant sent, TimeSpan jitter)
    {
        if (sent - sentAt > jitter)
        {
            (Amount, sentAt) = (amount, sent);
        }
        else if (sentAt - sent <= jitter && amount >= Amount)
        {
            (Amount, sentAt) = (amount, Instant.Max(sentAt, sent));
        }
    }

    /// <summary>
    /// A call is over that brought no report of its own. Where it may have arrived later than the call whose report this is, that report does
    /// not count it, nor what it came to beyond what was held for it.
    /// </summary>
    /// <param name="held">What was held for it until now.</param>
    /// <param name="final">What it came to.</param>
    /// <param name="sent">When it was sent.</param>
    /// <param name="jitter">How far apart two calls may be sent and still overtake one another.</param>
    public void Miss(double held, double final, Instant sent, TimeSpan jitter) =>
        Amount += sentAt - sent <= jitter ? final : Math.Max(0, final - held);
}
