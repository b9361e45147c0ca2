using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Scheduling;

/// <summary>Turns calls away with times that hold.</summary>
/// <param name="policy">Bounds and floors of the queue.</param>
internal sealed class Refusals(QueuePolicy policy)
{
    // A call that came back has most of its bound before it, not all, so that the time told leaves it some to spare.
    private const double UsedOfBound = 0.9;
    private readonly double[] floors = [.. policy.Floor];
    private readonly Dictionary<(Lane, int), ReturnPromises> promises = [];

    /// <summary>True where a call is back at a time that its tenant was told; the promise is then kept and gone.</summary>
    public bool Redeem(Call call, Instant now) => PromisesOf(call).Redeem(call.Owner!, now);

    /// <summary>How long a call that would be put in the queue now will wait.</summary>
    public TimeSpan Forecast(Call call, bool isPromised, Instant now) =>
        WaitForecast.Of(call.Lane!, call, FloorOf(call), isPromised ? 0 : PromisesOf(call).Work, now);

    /// <summary>True where the queue has no place, those promised to others counted.</summary>
    public bool IsFull(Call call, bool isPromised, int waiting) =>
        waiting > policy.MaxWaiting || (!isPromised && waiting + PromisesOf(call).Count > policy.MaxWaiting);

    /// <summary>A refusal of a call that would wait too long or finds the queue full, with a time at which it will be taken.</summary>
    public Refusal TurnAway(Call call, bool isFull, TimeSpan forecast, Instant now)
    {
        var bound = (call.Deadline - call.SubmittedAt) * UsedOfBound;
        var earliest = now + (isFull ? TimeSpan.Zero : TimeSpan.FromTicks(Math.Max(0, (forecast - bound).Ticks)));
        var drain = WaitForecast.Drain(call.Lane!, (int)call.Priority, FloorOf(call), now);
        var at = PromisesOf(call).Give(call.Owner!, call.Cost, drain, earliest, now);
        return new(isFull ? RefusalReason.QueueFull : RefusalReason.WouldWaitTooLong, CallRoom.Binding(call, now).Name, at);
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
