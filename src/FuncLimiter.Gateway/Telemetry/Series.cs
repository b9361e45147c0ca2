namespace FuncLimiter.Gateway.Telemetry;

/// <summary>One series of one instrument: a sum, and for histograms how many values fell up to each bound.</summary>
internal sealed class Series(string labels, KeyValuePair<string, object?>[] tags, double[]? bounds)
{
    private readonly Lock _gate = new();
    private readonly long[]? _counts = bounds is null ? null : new long[bounds.Length + 1];
    private double _sum;
    private long _count;

    /// <summary>The labels as Prometheus writes them, without braces.</summary>
    public string Labels => labels;

    /// <summary>Whether it is of these tags.</summary>
    public bool Is(ReadOnlySpan<KeyValuePair<string, object?>> others)
    {
        if (others.Length != tags.Length)
        {
            return false;
        }

        for (var i = 0; i < tags.Length; i++)
        {
            if (!Equals(tags[i].Value, others[i].Value) || tags[i].Key != others[i].Key)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Adds a value.</summary>
    public void Add(double value)
    {
        lock (_gate)
        {
            _sum += value;
            _count++;
            if (_counts is not null)
            {
                var bucket = Array.BinarySearch(bounds!, value);
                _counts[bucket >= 0 ? bucket : ~bucket]++;
            }
        }
    }

    /// <summary>What it holds: the sum, how many values, and how many in each bucket.</summary>
    public (double Sum, long Count, long[]? Counts) Read()
    {
        lock (_gate)
        {
            return (_sum, _count, (long[]?)_counts?.Clone());
        }
    }
}
