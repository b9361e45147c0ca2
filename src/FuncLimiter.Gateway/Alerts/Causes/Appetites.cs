using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Gateway.Alerts.Causes;

/// <summary>Who takes how much of what, for as many consumers as there is room for; those who have long asked for nothing make room first.</summary>
/// <param name="beginning">When counting began.</param>
/// <param name="sharers">The deployments that count against a shared limit, by its id.</param>
internal sealed class Appetites(Instant beginning, Func<string, IReadOnlySet<string>> sharers)
{
    private const int Most = 50_000;
    private const double Negligible = 0.01;
    private static readonly TimeSpan SweepEvery = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly Dictionary<Consumer, Appetite> _all = [];
    private Instant _sweptAt;
    private Instant _learntAt;

    /// <summary>When counting began.</summary>
    public Instant Beginning => beginning;

    /// <summary>Whose taking counts for a budget.</summary>
    public Scope ScopeOf(string budget) => Scope.Of(budget, sharers);

    /// <summary>A consumer asks for so many tokens.</summary>
    public void Ask(in Consumer consumer, double tokens, Instant now)
    {
        lock (_gate)
        {
            Of(consumer, now)?.Ask(tokens, now);
        }
    }

    /// <summary>A consumer gets so many tokens.</summary>
    public void Take(in Consumer consumer, double tokens, Instant now)
    {
        lock (_gate)
        {
            Of(consumer, now)?.Take(tokens, now);
        }
    }

    /// <summary>The consumers of a kind that take of a scope, with what is read of each.</summary>
    /// <param name="isMeant">Which.</param>
    /// <param name="read">What is to be known of them.</param>
    public List<(Consumer Consumer, T Value)> Read<T>(Func<Consumer, bool> isMeant, Func<Appetite, T> read)
    {
        lock (_gate)
        {
            return [.. _all.Where(entry => isMeant(entry.Key)).Select(entry => (entry.Key, read(entry.Value)))];
        }
    }

    /// <summary>Learns what is usual; about every second.</summary>
    public void Learn(Instant now)
    {
        lock (_gate)
        {
            var elapsed = _learntAt == Instant.Distant ? 1 : (now - _learntAt).TotalSeconds;
            _learntAt = now;
            foreach (var (consumer, appetite) in _all)
            {
                if (consumer.Kind is ConsumerKind.User or ConsumerKind.Run)
                {
                    appetite.Learn(now, elapsed);
                }
            }
        }
    }

    private Appetite? Of(in Consumer consumer, Instant now)
    {
        if (_all.TryGetValue(consumer, out var appetite))
        {
            return appetite;
        }

        if (_all.Count >= Most)
        {
            Sweep(now);
            if (_all.Count >= Most)
            {
                return null;
            }
        }

        _all.Add(consumer, appetite = new(now));
        return appetite;
    }

    private void Sweep(Instant now)
    {
        if (now - _sweptAt < SweepEvery)
        {
            return;
        }

        _sweptAt = now;
        foreach (var (consumer, appetite) in _all)
        {
            if (appetite.Asking(now) < Negligible && appetite.Taking(now) < Negligible)
            {
                _all.Remove(consumer);
            }
        }
    }
}
