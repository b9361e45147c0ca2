using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Batching;

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

/// <summary>Calls collected for one deployment's batch service.</summary>
/// <param name="Calls">How many.</param>
/// <param name="Bytes">The bytes of their bodies.</param>
/// <param name="Since">When the first of them came.</param>
/// <param name="FirstDeadline">The earliest of their deadlines.</param>
public readonly record struct BatchPile(int Calls, long Bytes, Instant Since, Instant FirstDeadline);

/// <summary>What to do with a pile.</summary>
public enum BatchMove
{
    /// <summary>Leave it to grow.</summary>
    Collect,

    /// <summary>Make a batch of as many of its calls as one may hold.</summary>
    Submit,

    /// <summary>Give its calls back, to be made normally.</summary>
    GiveBack,
}

/// <summary>What to do with a batch that a provider has.</summary>
public enum BatchStep
{
    /// <summary>Look at it again at its time.</summary>
    Follow,

    /// <summary>Fetch its answers; what it did not answer is made as other calls are.</summary>
    Fetch,

    /// <summary>Give it up, since deadlines near; what it has answered until it is over is still fetched.</summary>
    Cancel,

    /// <summary>Give its calls back without waiting for it any longer.</summary>
    TakeBack,
}

/// <summary>What an account's batch service may be used for, and within which bounds.</summary>
public sealed record BatchTerms
{
    /// <summary>How far a call's deadline must be for it to be collected; default 6 hours.</summary>
    public TimeSpan LeastTime { get; init; } = TimeSpan.FromHours(6);

    /// <summary>How long before its deadline a call is taken back, to be made normally; default 1 hour, below <see cref="LeastTime"/>.</summary>
    public TimeSpan Reserve { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long calls are collected before a batch is made of them; default 5 minutes.</summary>
    public TimeSpan CollectFor { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Fewer calls than this are not worth a batch; default 10.</summary>
    public int FewestCalls { get; init; } = 10;

    /// <summary>How many calls a batch may hold.</summary>
    public int MostCalls { get; init; } = 50_000;

    /// <summary>How many bytes of bodies a batch may hold.</summary>
    public long MostBytes { get; init; } = 200_000_000;

    /// <summary>How many tokens may be in the account's batches at once, by their estimates; null for no such limit.</summary>
    public long? MostQueuedTokens { get; init; }

    /// <summary>How often a batch is looked at; default each minute.</summary>
    public TimeSpan PollEvery { get; init; } = TimeSpan.FromMinutes(1);
}
