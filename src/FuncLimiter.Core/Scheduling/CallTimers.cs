using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Scheduling;

/// <summary>Instants that calls are to be looked at again. A call handed in again since is no longer the one meant.</summary>
/// <param name="expected">The state in which a call is still to be looked at.</param>
internal sealed class CallTimers(CallState expected)
{
    private const int LeastKept = 1024;
    private readonly PriorityQueue<(Call Call, long Generation), long> timers = new();

    /// <summary>The first of them; <see cref="Instant.Unknown"/> where there is none.</summary>
    public Instant Next => timers.TryPeek(out _, out var next) ? new(next) : Instant.Unknown;

    public void Set(Call call, Instant at) => timers.Enqueue((call, call.Generation), at.Ticks);

    /// <summary>Takes one call out whose instant has come.</summary>
    public bool TryTakeDue(Instant now, out Call call)
    {
        while (timers.TryPeek(out var due, out var at) && at <= now.Ticks)
        {
            timers.Dequeue();
            if (IsMeant(due.Call, due.Generation))
            {
                call = due.Call;
                return true;
            }
        }

        call = null!;
        return false;
    }

    /// <summary>Forgets calls that are gone once they make up most of what is kept.</summary>
    /// <param name="meant">How many calls can still be meant.</param>
    public void Trim(int meant)
    {
        if (timers.Count > LeastKept + (4 * meant))
        {
            var live = timers.UnorderedItems.Where(item => IsMeant(item.Element.Call, item.Element.Generation)).ToArray();
            timers.Clear();
            timers.EnqueueRange(live);
        }
    }

    private bool IsMeant(Call call, long generation) => call.Generation == generation && call.State == expected;
}
