using System.Collections.Concurrent;
using FuncLimiter.Core.Pacing;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Calls;

namespace FuncLimiter.Gateway.Operations.Preflight;

/// <summary>How fast deployments answer, and how long calls wait for them, as calls that end tell.</summary>
internal sealed class AnswerPace
{
    // All earlier calls together weigh as much as a hundred.
    private const double Kept = 0.99;
    private const double FewCalls = 5;
    private const double LeastDeviation = 0.1;
    private const double OutputSpread = 0.5;

    private const double Doubt = 0.12;

    // The pace of a deployment that has answered nothing yet, as simulations have it; it may be off by a factor of two.
    private static readonly (double Base, double PerToken, double Spread, double Doubt) Usual = (0.5, 0.01, 0.5, 0.7);

    private readonly ConcurrentDictionary<string, Book> _books = new(StringComparer.Ordinal);

    /// <summary>Learns from a call that ended.</summary>
    public void Record(UsageRecord record)
    {
        if (record is { Outcome: UsageOutcome.Answered, IsBatch: false, Attempts: 1, Deployment: { } name, Usage: { } usage } && record.Duration > record.Waited)
        {
            var book = _books.GetOrAdd(name, static _ => new Book());
            lock (book)
            {
                book.Take(usage.OutputTokens, (record.Duration - record.Waited).TotalSeconds);
                book.Wait((int)record.Caller.Priority, record.Waited.TotalSeconds);
            }
        }
    }

    /// <summary>How long a deployment's answers take.</summary>
    /// <param name="deployment">The deployment, as <c>account/model</c>.</param>
    /// <param name="outputTokens">How long they are, on average.</param>
    public AnswerTime Foresee(string deployment, double outputTokens)
    {
        var usual = Usual.Base + (Usual.PerToken * outputTokens);
        if (_books.TryGetValue(deployment, out var book))
        {
            lock (book)
            {
                if (book.Weight >= FewCalls)
                {
                    return book.Foresee(outputTokens);
                }
            }
        }

        return new(usual, usual * Usual.Spread, Usual.Doubt);
    }

    /// <summary>How long calls of a class waited for a deployment, in seconds, on average.</summary>
    public double Wait(string deployment, Priority priority)
    {
        if (!_books.TryGetValue(deployment, out var book))
        {
            return 0;
        }

        lock (book)
        {
            return book.WaitOf((int)priority);
        }
    }

    // Sums of answers' lengths (x) and times (y), for a line through them.
    private sealed class Book
    {
        private double _x;
        private double _y;
        private double _xx;
        private double _xy;
        private double _yy;

        private readonly (double Weight, double Sum)[] _waits = new (double, double)[Enum.GetValues<Priority>().Length];

        public double Weight { get; private set; }

        public void Take(double tokens, double seconds)
        {
            Weight = (Weight * Kept) + 1;
            (_x, _y) = ((_x * Kept) + tokens, (_y * Kept) + seconds);
            (_xx, _xy, _yy) = ((_xx * Kept) + (tokens * tokens), (_xy * Kept) + (tokens * seconds), (_yy * Kept) + (seconds * seconds));
        }

        public void Wait(int priority, double seconds) =>
            _waits[priority] = ((_waits[priority].Weight * Kept) + 1, (_waits[priority].Sum * Kept) + seconds);

        public double WaitOf(int priority) => _waits[priority].Weight > 0 ? _waits[priority].Sum / _waits[priority].Weight : 0;

        public AnswerTime Foresee(double tokens)
        {
            var (x, y) = (_x / Weight, _y / Weight);
            var (varied, together, whole) = (Math.Max(0, (_xx / Weight) - (x * x)), (_xy / Weight) - (x * y), Math.Max(0, (_yy / Weight) - (y * y)));
            var slope = varied > 1 ? Math.Max(0, together / varied) : 0;
            var mean = Math.Max(0.001, y + (slope * (tokens - x)));
            var length = slope * tokens * OutputSpread;
            var rest = Math.Max(0, whole - (slope * slope * varied));
            var off = rest / Weight * (1 + ((tokens - x) * (tokens - x) / Math.Max(1, varied)));
            return new(
                mean, Math.Max(LeastDeviation * mean, Math.Sqrt(rest + (length * length))), Math.Min(Usual.Doubt, Math.Sqrt((Doubt * Doubt) + (off / (mean * mean)))));
        }
    }
}
