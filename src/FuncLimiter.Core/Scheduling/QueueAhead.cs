using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Scheduling;

/// <summary>What goes out of a budget before a call.</summary>
/// <param name="Work">What it comes to, in seconds of capacity.</param>
/// <param name="Calls">How many calls.</param>
/// <param name="Booked">How many of them are of callers who have to come back first, and come a little late.</param>
/// <param name="Runs">How long a call runs.</param>
internal readonly record struct QueueAhead(double Work, double Calls, double Booked, RunTime Runs)
{
    /// <summary>What it takes of each limit.</summary>
    public LoadAhead Load { get; init; }

    /// <summary>Bookings are this much farther apart than budgets refill, so that what is a little late does not make all behind it late.</summary>
    public const double Spread = 1.01;

    /// <summary>How much later than their turn callers come back at most, with what rounding adds.</summary>
    public static readonly TimeSpan Late = TimeSpan.FromSeconds(2.5);

    /// <summary>The same on average.</summary>
    private static readonly TimeSpan UsuallyLate = TimeSpan.FromSeconds(1.5);

    /// <summary>How much of a round of a window or of places is lost while callers are on their way.</summary>
    public TimeSpan LostARound => Booked > 0 ? Late : TimeSpan.Zero;

    /// <summary>
    /// The same where so many callers are awaited at a time: the more they are, the less it matters how late one of them comes, and the more
    /// how late they come on average.
    /// </summary>
    public double LostSecondsOf(double together) => Booked > 0 ? LostFor(together).TotalSeconds : 0;

    /// <summary>The same where callers are awaited.</summary>
    public static TimeSpan LostFor(double together) => UsuallyLate + ((Late - UsuallyLate) / Math.Sqrt(together));

    /// <summary>What one call of it takes on average, its distance to the next included; null where there is none that takes anything.</summary>
    public double? UsualOf(Dimension dimension) => Calls > 0 && Load[dimension] > 0 ? Load[dimension] / Calls : null;

    /// <summary>The same queue with another one before it.</summary>
    public static QueueAhead operator +(QueueAhead left, QueueAhead right) =>
        new(left.Work + right.Work, left.Calls + right.Calls, left.Booked + right.Booked, left.Runs) { Load = left.Load + right.Load };

    /// <summary>So many times this.</summary>
    public static QueueAhead operator *(QueueAhead queue, double factor) =>
        new(queue.Work * factor, queue.Calls * factor, queue.Booked * factor, queue.Runs) { Load = queue.Load * factor };

    /// <summary>The one after which less is done.</summary>
    public static QueueAhead Min(QueueAhead left, QueueAhead right) => left.Work <= right.Work ? left : right;
}

/// <summary>What calls come to, by what limits count.</summary>
internal readonly record struct LoadAhead(double Requests, double Tokens, double InputTokens, double OutputTokens, double Money)
{
    public static LoadAhead Of(in Charge charge) => new(charge.Requests, charge.Tokens, charge.InputTokens, charge.OutputTokens, charge.Cost);

    /// <summary>The amount of one dimension; places among the calls under way are not used up, and count 0.</summary>
    public double this[Dimension dimension] => dimension switch
    {
        Dimension.Requests => Requests,
        Dimension.Tokens => Tokens,
        Dimension.InputTokens => InputTokens,
        Dimension.OutputTokens => OutputTokens,
        Dimension.Cost => Money,
        _ => 0,
    };

    public static LoadAhead operator +(in LoadAhead left, in LoadAhead right) => new(
        left.Requests + right.Requests, left.Tokens + right.Tokens, left.InputTokens + right.InputTokens, left.OutputTokens + right.OutputTokens, left.Money + right.Money);

    public static LoadAhead operator -(in LoadAhead left, in LoadAhead right) => left + (right * -1);

    public static LoadAhead operator *(in LoadAhead amounts, double factor) => new(
        amounts.Requests * factor, amounts.Tokens * factor, amounts.InputTokens * factor, amounts.OutputTokens * factor, amounts.Money * factor);
}

/// <summary>Calls that go before others, added up. Whole numbers are added and taken away again, so nothing is left of what is gone.</summary>
internal struct WorkAhead
{
    private Charge load;

    /// <summary>How many.</summary>
    public int Calls { get; private set; }

    /// <summary>What they cost together, in seconds of what they are ahead for.</summary>
    public double Cost { get; private set; }

    public void Add(double cost, in Charge charge)
    {
        Calls++;
        Cost += cost;
        load += charge;
    }

    public void Remove(double cost, in Charge charge)
    {
        Calls--;
        Cost = Calls == 0 ? 0 : Math.Max(0, Cost - cost);
        load -= charge;
    }

    public readonly QueueAhead For(RunTime runs) => new(Cost, Calls, 0, runs) { Load = LoadAhead.Of(load) };
}
