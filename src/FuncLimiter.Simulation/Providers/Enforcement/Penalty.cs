namespace FuncLimiter.Simulation.Providers.Enforcement;

/// <summary>Counts violations and says until when a deployment is closed for them. Times in seconds since the double's start.</summary>
internal sealed class Penalty(PenaltyOptions? options)
{
    private readonly Queue<double> _violations = new();

    public double ClosedUntil { get; private set; } = double.NegativeInfinity;

    /// <summary>Notes a refusal; the last one of too many closes.</summary>
    public void Violated(double now)
    {
        if (options is null || now < ClosedUntil)
        {
            return;
        }

        _violations.Enqueue(now);
        while (_violations.Peek() <= now - options.Within.TotalSeconds)
        {
            _violations.Dequeue();
        }

        if (_violations.Count >= options.Violations)
        {
            _violations.Clear();
            ClosedUntil = now + options.ClosedFor.TotalSeconds;
        }
    }
}
