using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Tests.Budgets;

/// <summary>
/// A provider that counts tokens by its own algorithm and says in every answer what is left, as providers do: stamped when the request
/// arrived, delivered with the answer, possibly rounded.
/// </summary>
internal sealed class ReportingProvider(LimitAlgorithm algorithm, double capacity, TimeSpan window, double perSecond)
{
    private readonly Queue<(Instant At, double Amount)> entries = new();
    private double used;
    private Instant last = Moments.Start;

    public int Refused { get; private set; }

    public double Accepted { get; private set; }

    public long RoundTo { get; init; } = 1;

    /// <summary>Counts a request if there is room.</summary>
    public bool Accept(double amount, Instant now)
    {
        Pass(now);
        if (used + amount > capacity)
        {
            return false;
        }

        used += amount;
        Accepted += amount;
        entries.Enqueue((now, amount));
        return true;
    }

    public LimitReading Report(Instant now)
    {
        Pass(now);
        var remaining = (long)(Math.Round((capacity - used) / RoundTo, MidpointRounding.ToEven) * RoundTo);
        TimeSpan? reset = algorithm switch
        {
            LimitAlgorithm.Bucket => TimeSpan.FromSeconds(used / perSecond),
            LimitAlgorithm.Fixed => TimeSpan.FromSeconds(Math.Ceiling((StartOf(now) + window - now).TotalSeconds)),
            _ => null,
        };
        return new(Dimension.Tokens, null, (long)(perSecond * window.TotalSeconds), Math.Max(0, remaining), reset);
    }

    public void Refuse() => Refused++;

    private void Pass(Instant now)
    {
        switch (algorithm)
        {
            case LimitAlgorithm.Bucket:
                used = Math.Max(0, used - (perSecond * (now - last).TotalSeconds));
                break;
            case LimitAlgorithm.Fixed when StartOf(now) != StartOf(last):
                used = 0;
                break;
            case LimitAlgorithm.Sliding:
                while (entries.TryPeek(out var oldest) && oldest.At + window <= now)
                {
                    used -= entries.Dequeue().Amount;
                }

                break;
        }

        last = now;
    }

    // Windows begin a third of a window after the full minute.
    private Instant StartOf(Instant at)
    {
        var phase = Moments.Start.Ticks + (window.Ticks / 3);
        return new(phase + ((long)Math.Floor((at.Ticks - phase) / (double)window.Ticks) * window.Ticks));
    }
}
