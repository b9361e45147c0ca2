using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Scheduling;

/// <summary>Turns calls away with times that hold.</summary>
/// <param name="policy">Bounds and floors of the queue.</param>
internal sealed class Refusals(QueuePolicy policy)
{
    // A call that came back has most of its bound before it, not all, so that the time told leaves it some to spare.
    private const double UsedOfBound = 0.75;

    // Those who come back come a little slower than the queue drains, and find a tenth of it drained: its calls differ in size.
    private const double UsedOfDrain = 0.95;
    private const double RoomToReturn = 0.1;
    private readonly double[] floors = [.. policy.Floor];
    private readonly Dictionary<(Lane, int), ReturnPromises> promises = [];

    /// <summary>True where a call is back at a time that its tenant was told; the promise is then kept and gone.</summary>
    public bool Redeem(Call call, Instant now) => PromisesOf(call).Redeem(call, now);

    /// <summary>How long a call that would be put in the queue now will wait.</summary>
    public TimeSpan Forecast(Call call, bool isPromised, Instant now) =>
        WaitForecast.Of(call.Lane!, call, FloorOf(call), isPromised ? null : PromisesOf(call), now);

    /// <summary>True where the queue has no place, those promised to others counted.</summary>
    public bool IsFull(bool isPromised, int waiting, Instant now) =>
        waiting > policy.MaxWaiting || (!isPromised && waiting + Promised(now) > policy.MaxWaiting);

    /// <summary>A refusal of a call that would wait too long or finds the queue full, with a time at which it will be taken.</summary>
    public Refusal TurnAway(Call call, bool isFull, TimeSpan forecast, Instant now)
    {
        var bound = (call.Deadline - call.SubmittedAt) * UsedOfBound;
        var drain = WaitForecast.Drain(call.Lane!, (int)call.Priority, FloorOf(call), now) * UsedOfDrain;
        var room = isFull ? TimeSpan.FromSeconds(call.Lane!.Waiting((int)call.Priority) * RoomToReturn / drain) : TimeSpan.Zero;
        var earliest = now + TimeSpan.FromTicks(Math.Max(room.Ticks, (forecast - bound).Ticks));
        var at = PromisesOf(call).Give(call, drain, earliest, now);
        var budget = CallRoom.Binding(call, now);
        return new(isFull ? RefusalReason.QueueFull : RefusalReason.WouldWaitTooLong, budget.Name, at)
        {
            Dimension = CallRoom.BindingOf(call, budget, now),
        };
    }

    private int Promised(Instant now)
    {
        var count = 0;
        foreach (var kept in promises.Values)
        {
            kept.Forget(now);
            count += kept.Count;
        }

        return count;
    }

    private double FloorOf(Call call) => floors[(int)call.Priority];

    private ReturnPromises PromisesOf(Call call)
    {
        var key = (call.Lane!, (int)call.Priority);
        if (!promises.TryGetValue(key, out var kept))
        {
            promises.Add(key, kept = new());
        }

        return kept;
    }
}
