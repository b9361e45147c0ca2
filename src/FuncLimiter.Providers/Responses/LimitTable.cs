using System.Collections.ObjectModel;
using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Providers.Responses;

/// <summary>Collects the limits that one response reports.</summary>
internal sealed class LimitTable
{
    private Dictionary<string, NamedLimit>? _named;
    private List<LimitReading>? _readings;

    /// <summary>By name, as a reading tells them.</summary>
    public IReadOnlyDictionary<string, NamedLimit> Named => _named ?? (IReadOnlyDictionary<string, NamedLimit>)ReadOnlyDictionary<string, NamedLimit>.Empty;

    /// <summary>In the core's terms.</summary>
    public IReadOnlyList<LimitReading> Readings => _readings ?? (IReadOnlyList<LimitReading>)[];

    /// <summary>Reads each set of headers that is there.</summary>
    public void Add(in HeaderValues headers, ReadOnlySpan<LimitHeaders> sets)
    {
        foreach (var set in sets)
        {
            var window = (set.Period is { } period ? headers.Number(period) : null) ?? (set.WindowIsImplied ? null : set.Window?.TotalSeconds);
            var limit = new NamedLimit(
                headers.Number(set.Limit), headers.Number(set.Remaining), set.Reset is { } reset ? headers.Reset(reset) : null, null, window);
            Add(set.Name, limit, set.Dimension, RetryHint.ToSpan(window) ?? set.Window);
        }
    }

    /// <summary>Adds one limit, unless nothing is known of it.</summary>
    /// <param name="name">Its name; a second of that name replaces the first.</param>
    /// <param name="limit">What was told.</param>
    /// <param name="dimension">What the core calls it; null where the core shall not hear of it.</param>
    /// <param name="window">Its window, where known.</param>
    public void Add(string name, NamedLimit limit, Dimension? dimension, TimeSpan? window)
    {
        if (limit.IsEmpty)
        {
            return;
        }

        (_named ??= [])[name] = limit;
        if (dimension is { } counted)
        {
            _readings ??= [];
            _readings.RemoveAll(reading => reading.Dimension == counted && reading.Window == window);
            _readings.Add(new LimitReading(counted, window, Whole(limit.Limit), Whole(limit.Remaining), RetryHint.ToSpan(limit.ResetSeconds)));
        }
    }

    /// <summary>Changes what the core hears; what the reading tells stays.</summary>
    public void Refine(Func<LimitReading, LimitReading> change)
    {
        for (var i = 0; i < (_readings?.Count ?? 0); i++)
        {
            _readings![i] = change(_readings[i]);
        }
    }

    /// <summary>Changes what a reading tells and what the core hears.</summary>
    public void Complete(Func<NamedLimit, NamedLimit> named, Func<LimitReading, LimitReading> reading)
    {
        foreach (var name in _named?.Keys.ToArray() ?? [])
        {
            _named![name] = named(_named[name]);
        }

        Refine(reading);
    }

    /// <summary>The longest reset of the limits of which nothing is left; null where none is exhausted.</summary>
    public double? ResetOfExhausted() => _named?.Values.Where(limit => limit.Remaining is 0).Max(limit => limit.ResetSeconds);

    /// <summary>The one dimension of which nothing is left; null where none or several are exhausted.</summary>
    public Dimension? Exhausted()
    {
        var full = Readings.Where(reading => reading.Remaining is 0).Select(reading => reading.Dimension).Distinct().Take(2).ToArray();
        return full.Length == 1 ? full[0] : null;
    }

    private static long? Whole(double? value) => value is { } known ? (long)Math.Min(known, 1e15) : null;
}
