using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Scheduling;

/// <content>What refusals tell of it, where nothing is reported.</content>
internal sealed partial class SuspectedLimit
{
    private const int RefusalsToFind = 4;
    private const double OwnRoom = 0.85;
    private const double Full = 0.95;
    private const double TooMuch = 1.08;
    private const int SeldomLooked = 8;
    private static readonly TimeSpan Event = TimeSpan.FromSeconds(0.2);
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(30);
    private readonly bool[] hasRefused;
    private readonly ulong[] possible;
    private readonly ulong[] possibleApart;
    private Instant refusedAt = Instant.Distant;
    private int refusals;

    private bool Refused(int member, Observation observation, in SentCall sent, Instant now)
    {
        if (now - refusedAt > Memory)
        {
            ForgetRefusals();
        }

        var (isExplained, isExplainedApart) = (false, false);
        for (var i = 0; i < limits.Length; i++)
        {
            if (observation.Dimension is { } named && named != limits[i].Dimension)
            {
                continue;
            }

            var (call, capacity, perSecond) = (sent.Call.Documented[limits[i].Dimension], limits[i].Capacity, limits[i].PerSecond);
            if (own[member][i].Used(perSecond, now) >= OwnRoom * capacity)
            {
                return false;
            }

            possible[i] &= call > 0 ? common[i].Reaching(Full * capacity, call, sent.Call.Size, perSecond, now) : 0;
            possibleApart[i] &= own[member][i].Reaching(Full * capacity, call, sent.Call.Size, perSecond, now);
            isExplained |= possible[i] != 0;
            isExplainedApart |= possibleApart[i] != 0;
        }

        if (!isExplained)
        {
            ForgetRefusals();
            return false;
        }

        if (now - refusedAt >= Event)
        {
            (refusedAt, refusals) = (now, refusals + 1);
        }

        hasRefused[member] = true;
        return !isExplainedApart && refusals >= RefusalsToFind && Array.TrueForAll(hasRefused, static has => has);
    }

    // A rule by which more was let in than the common limit holds is not the one. A window that begins anew, no one knows when, may be there twice.
    private void Admitted(Instant now)
    {
        for (var i = 0; i < limits.Length && refusals > 0 && answers % SeldomLooked == 0; i++)
        {
            var most = (limits[i].Algorithm is LimitAlgorithm.Fixed ? 2 : 1) * TooMuch * limits[i].Capacity;
            possible[i] &= ~common[i].Reaching(most, 0, default, limits[i].PerSecond, now);
        }

        if (refusals > 0 && Array.TrueForAll(possible, static rules => rules == 0))
        {
            ForgetRefusals();
        }
    }

    private void ForgetRefusals()
    {
        refusals = 0;
        Array.Clear(hasRefused);
        Array.Fill(possible, ulong.MaxValue);
        Array.Fill(possibleApart, ulong.MaxValue);
    }
}
