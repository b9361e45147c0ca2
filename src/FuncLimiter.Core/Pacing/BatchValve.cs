using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Pacing;

/// <summary>Decides what goes to a provider's batch service, when, and what comes back to be made as other calls are.</summary>
public static class BatchValve
{
    /// <summary>The part of the reserve that a batch which was given up may still take to be over.</summary>
    private const double CancelPart = 0.5;

    /// <summary>Whether a call may be collected: background work with time enough.</summary>
    /// <param name="terms">The account's terms.</param>
    /// <param name="priority">The call's class.</param>
    /// <param name="timeLeft">The time to its deadline.</param>
    public static bool Takes(BatchTerms terms, Priority priority, TimeSpan timeLeft) => priority == Priority.Background && timeLeft >= terms.LeastTime;

    /// <summary>What to do with what was collected.</summary>
    public static BatchMove Decide(BatchTerms terms, in BatchPile pile, Instant now)
    {
        if (pile.Calls == 0)
        {
            return BatchMove.Collect;
        }

        if (ComesBack(terms, pile.FirstDeadline, now))
        {
            return BatchMove.GiveBack;
        }

        if (pile.Calls >= terms.MostCalls || pile.Bytes >= terms.MostBytes)
        {
            return BatchMove.Submit;
        }

        return now < pile.Since + terms.CollectFor ? BatchMove.Collect
            : pile.Calls >= terms.FewestCalls ? BatchMove.Submit
            : BatchMove.GiveBack;
    }

    /// <summary>How many of a pile's calls one batch holds, in their order; 0 where the first would not fit in the queue now.</summary>
    /// <param name="terms">The account's terms.</param>
    /// <param name="calls">The bytes and the tokens of each.</param>
    /// <param name="queuedTokens">The tokens in the account's batches already.</param>
    public static int Fill(BatchTerms terms, IEnumerable<(long Bytes, long Tokens)> calls, long queuedTokens)
    {
        var (count, bytes) = (0, 0L);
        foreach (var call in calls)
        {
            bytes += call.Bytes;
            queuedTokens += call.Tokens;
            if (count == terms.MostCalls || (count > 0 && bytes > terms.MostBytes) || queuedTokens > terms.MostQueuedTokens)
            {
                break;
            }

            count++;
        }

        return count;
    }

    /// <summary>What to do with a batch that a provider has.</summary>
    /// <param name="terms">The account's terms.</param>
    /// <param name="firstDeadline">The earliest deadline of its calls that are open; <see cref="Instant.Never"/> where none is.</param>
    /// <param name="isOver">Whether the provider is done with it.</param>
    /// <param name="isCancelled">Whether it was given up.</param>
    /// <param name="now">Now.</param>
    public static BatchStep Follow(BatchTerms terms, Instant firstDeadline, bool isOver, bool isCancelled, Instant now)
    {
        if (isOver)
        {
            return BatchStep.Fetch;
        }

        var isUnwanted = firstDeadline == Instant.Never;
        if (isCancelled)
        {
            return !isUnwanted && now >= firstDeadline - (terms.Reserve * CancelPart) ? BatchStep.TakeBack : BatchStep.Follow;
        }

        return isUnwanted || ComesBack(terms, firstDeadline, now) ? BatchStep.Cancel : BatchStep.Follow;
    }

    /// <summary>Whether a call's deadline is so near that it comes back.</summary>
    public static bool ComesBack(BatchTerms terms, Instant deadline, Instant now) => now >= deadline - terms.Reserve;
}
