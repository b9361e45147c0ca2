using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Tests.Leasing.Fleets;

/// <summary>
/// Counts a limit as its provider does, with nothing of the code under test: a charge as it is sent, corrected when its call ends. A window
/// of unknown phase may begin anywhere.
/// </summary>
internal sealed class LimitOracle(Limit limit, Instant start)
{
    private readonly Queue<Sent> _window = new();
    private double _counted = limit.Algorithm == LimitAlgorithm.Bucket ? limit.Capacity : 0;
    private Instant _at = start;

    /// <summary>By how much the limit was exceeded at worst.</summary>
    public double Excess { get; private set; }

    public double Total { get; private set; }

    public Limit Limit => limit;

    public Sent Send(double amount, Instant at)
    {
        Advance(at);
        var sent = new Sent(at, amount);
        Total += amount;
        if (limit.Algorithm == LimitAlgorithm.Bucket)
        {
            _counted -= amount;
            Excess = Math.Max(Excess, -_counted);
            return sent;
        }

        _counted += amount;
        _window.Enqueue(sent);
        Excess = Math.Max(Excess, _counted - limit.Amount);
        return sent;
    }

    public void End(Sent sent, double final, Instant at)
    {
        Advance(at);
        var surplus = sent.Amount - (limit.Algorithm == LimitAlgorithm.Concurrency ? 0 : final);
        Total -= limit.Algorithm == LimitAlgorithm.Concurrency ? 0 : surplus;
        if (limit.Algorithm == LimitAlgorithm.Bucket)
        {
            _counted = Math.Min(limit.Capacity, _counted + surplus);
        }
        else if (!sent.IsGone)
        {
            _counted -= surplus;
        }

        sent.Amount -= surplus;
    }

    private void Advance(Instant at)
    {
        if (limit.Algorithm == LimitAlgorithm.Bucket)
        {
            _counted = Math.Min(limit.Capacity, _counted + limit.PerSecond * (at - _at).TotalSeconds);
        }

        _at = at;
        while (limit.Algorithm != LimitAlgorithm.Concurrency && _window.TryPeek(out var first) && IsOver(first.At, at))
        {
            _counted -= first.Amount;
            first.IsGone = true;
            _window.Dequeue();
        }
    }

    private bool IsOver(Instant sent, Instant now) => limit.Algorithm == LimitAlgorithm.CalendarDay
        ? sent.Ticks / TimeSpan.TicksPerDay < now.Ticks / TimeSpan.TicksPerDay
        : sent <= now - limit.Window;

    internal sealed class Sent(Instant at, double amount)
    {
        public Instant At => at;

        public double Amount { get; set; } = amount;

        public bool IsGone { get; set; }
    }
}
