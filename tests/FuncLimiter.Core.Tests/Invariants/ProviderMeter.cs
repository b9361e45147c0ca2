using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Tests.Budgets;

namespace FuncLimiter.Core.Tests.Invariants;

/// <summary>
/// One limit as whoever enforces it counts: charges as they arrive, in the order of arriving, corrected when a call is over. It has no
/// guard, no memory bound and no foresight.
/// </summary>
internal sealed class ProviderMeter
{
    private readonly List<(int Id, double Amount, bool IsAsked, Instant At)> coming = [];
    private readonly List<(int Id, Instant At, double Amount)> counted = [];
    private readonly string scope;
    private readonly long window;
    private readonly long phase;
    private readonly double tolerance;
    private double level;
    private Instant last;

    public ProviderMeter(string scope, Limit limit, int seed, double rounding)
    {
        this.scope = scope;
        Limit = limit;
        window = limit.Window.Ticks;
        PerSecond = limit.Amount / (window / (double)TimeSpan.TicksPerSecond);
        Capacity = limit is { Algorithm: LimitAlgorithm.Bucket, BurstSeconds: { } seconds }
            ? Math.Min(limit.Amount, Math.Max(1, seconds * PerSecond))
            : limit.Amount;
        tolerance = (Capacity * 1e-6) + rounding;
        phase = limit.Algorithm switch
        {
            LimitAlgorithm.Fixed => new Random(seed).NextInt64(window),
            LimitAlgorithm.CalendarDay => limit.TimeZone?.BaseUtcOffset.Ticks ?? 0,
            _ => 0,
        };
    }

    public Limit Limit { get; }

    public string Scope => scope;

    public double Capacity { get; }

    public double PerSecond { get; }

    /// <summary>What is counted at the moment last counted up to.</summary>
    public double Used => Limit.Algorithm == LimitAlgorithm.Bucket ? level : counted.Sum(entry => entry.Amount);

    /// <summary>What calls came to beyond their estimates that is not counted against others yet.</summary>
    public double Surpluses => coming.Where(next => !next.IsAsked && next.Amount > 0).Sum(next => next.Amount);

    /// <summary>When the limit is whole again if nothing more arrives.</summary>
    public TimeSpan? ResetIn => Limit.Algorithm switch
    {
        LimitAlgorithm.Bucket => TimeSpan.FromSeconds((level + Surpluses) / PerSecond),
        LimitAlgorithm.Fixed => TimeSpan.FromTicks(window - ((last.Ticks + phase) % window)),
        _ => null,
    };

    /// <summary>A call's charge will arrive.</summary>
    public void Expect(int id, double amount, Instant at) => coming.Add((id, amount, true, at));

    /// <summary>What is counted for a call changes by an amount, up or down, without anybody asking whether that fits.</summary>
    public void Correct(int id, double change, Instant at) => coming.Add((id, change, false, at));

    /// <summary>An answer proves that its call has arrived.</summary>
    public void Arrive(int id, Instant now)
    {
        if (coming.FindIndex(next => next.Id == id && next.IsAsked && next.At > now) is >= 0 and var index)
        {
            coming[index] = coming[index] with { At = now };
        }
    }

    /// <summary>Counts everything that has arrived, and throws where a call would have been refused.</summary>
    public void Count(Instant until)
    {
        while (FirstBefore(until) is >= 0 and var first)
        {
            var next = coming[first];
            coming.RemoveAt(first);
            Pass(next.At);
            var used = Used;
            Violation.Unless(
                !next.IsAsked || used + next.Amount <= Capacity + tolerance,
                () => $"{scope}: call {next.Id} of {next.Amount} {Limit.Dimension} arrived at {Moments.Since(next.At)} s on {used} of {Capacity} ({Limit.Algorithm}, {Limit.Window})");
            level = Math.Max(0, level + next.Amount);
            Add(next.Id, next.At, next.Amount);
        }

        Pass(until);
    }

    private int FirstBefore(Instant until)
    {
        var first = -1;
        for (var i = 0; i < coming.Count; i++)
        {
            if (coming[i].At <= until && (first < 0 || coming[i].At < coming[first].At))
            {
                first = i;
            }
        }

        return first;
    }

    private void Add(int id, Instant at, double amount)
    {
        if (amount > 0)
        {
            counted.Add((id, at, amount));
        }
        else if (counted.FindIndex(entry => entry.Id == id) is >= 0 and var index)
        {
            counted[index] = counted[index] with { Amount = counted[index].Amount + amount };
        }
    }

    private void Pass(Instant now)
    {
        now = Instant.Max(now, last);
        switch (Limit.Algorithm)
        {
            case LimitAlgorithm.Bucket:
                level = Math.Max(0, level - (PerSecond * (now - last).TotalSeconds));
                counted.Clear();
                break;
            case LimitAlgorithm.Sliding:
                counted.RemoveAll(entry => entry.At.Ticks + window <= now.Ticks);
                break;
            case LimitAlgorithm.Fixed or LimitAlgorithm.CalendarDay:
                counted.RemoveAll(entry => WindowOf(entry.At) != WindowOf(now));
                break;
        }

        last = now;
    }

    private long WindowOf(Instant at) => (at.Ticks + phase) / window;
}
