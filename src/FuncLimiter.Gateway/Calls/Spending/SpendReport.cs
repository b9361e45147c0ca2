using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Core.Spending;

namespace FuncLimiter.Gateway.Calls.Spending;

/// <summary>What came of asking for room in spending budgets.</summary>
/// <param name="Hold">What is held; null where there was no room.</param>
/// <param name="Notice">What the caller is told of its budgets.</param>
/// <param name="Refusal">Why not; null where there was room.</param>
internal sealed record SpendGrant(SpendHold? Hold, SpendNotice Notice, Refusal? Refusal);

/// <summary>One spending budget, for people and programs.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Limit">All that may be spent of it.</param>
/// <param name="Spent">What is spent.</param>
/// <param name="Held">What calls under way hold.</param>
/// <param name="Left">What is left for calls.</param>
/// <param name="TimeLeft">How long the run may go on; null without end.</param>
/// <param name="EndsAt">When it is given anew; null of a run.</param>
/// <param name="IsSoft">Whether it only warns.</param>
/// <param name="Use">The largest share of it that is spent or held.</param>
internal sealed record SpendReport(
    string Name, SpendAmount Limit, SpendAmount Spent, SpendAmount Held, SpendAmount Left, TimeSpan? TimeLeft, DateTimeOffset? EndsAt, bool IsSoft, double Use)
{
    /// <summary>How long its period is, in seconds; 0 of a run.</summary>
    public double PeriodSeconds { get; init; }

    internal static SpendReport Of(SpendAccount account, Instant now)
    {
        var taken = account.Spent + account.Held;
        var use = Math.Max(Share(taken.Cost, account.Limit.Cost), Math.Max(Share(taken.Tokens, account.Limit.Tokens), Share(taken.Calls, account.Limit.Calls)));
        return new(
            account.Name, account.Limit, account.Spent, account.Held, account.Left, account.TimeLeft(now),
            account.EndsAt.IsKnown ? account.EndsAt.ToDateTimeOffset() : null, account.Cap.IsSoft, use)
        {
            PeriodSeconds = account.EndsAt.IsKnown ? (account.EndsAt - account.StartsAt).TotalSeconds : 0,
        };
    }

    private static double Share(long taken, long limit) => limit >= SpendAmount.Unbounded ? 0 : (double)taken / Math.Max(1, limit);
}
