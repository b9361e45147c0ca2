using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace FuncLimiter.Gateway.Operations.Telemetry;

/// <summary>All series of one instrument, and their text in Prometheus' format.</summary>
internal sealed class InstrumentSeries
{
    private const int MostSeries = 2_000;

    private readonly ConcurrentDictionary<int, Series[]> _series = new();
    private readonly string _name;
    private readonly string _help;
    private readonly double[]? _bounds;
    private int _count;
    private long _leftOut;

    private InstrumentSeries(string name, string help, double[]? bounds) => (_name, _help, _bounds) = (name, help, bounds);

    /// <summary>How many values had no series, since there were too many.</summary>
    public long LeftOut => Interlocked.Read(ref _leftOut);

    /// <summary>The series of a counter or a histogram.</summary>
    public static InstrumentSeries Of(Instrument instrument) => instrument switch
    {
        Histogram<double> histogram => new(NameOf(instrument), instrument.Description ?? string.Empty, [.. histogram.Advice!.HistogramBucketBoundaries!]),
        Histogram<int> histogram => new(
            NameOf(instrument), instrument.Description ?? string.Empty, [.. histogram.Advice!.HistogramBucketBoundaries!.Select(static bound => (double)bound)]),
        _ => new(NameOf(instrument) + "_total", instrument.Description ?? string.Empty, null),
    };

    /// <summary>Adds a value.</summary>
    public void Add(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var hash = default(HashCode);
        foreach (var tag in tags)
        {
            hash.Add(tag.Value);
        }

        var key = hash.ToHashCode();
        if ((Find(key, tags) ?? Make(key, tags)) is { } series)
        {
            series.Add(value);
        }
        else
        {
            Interlocked.Increment(ref _leftOut);
        }
    }

    /// <summary>Writes the text.</summary>
    public void Write(StringBuilder text)
    {
        text.Append("# HELP ").Append(_name).Append(' ').Append(_help).Append("\n# TYPE ").Append(_name)
            .Append(_bounds is null ? " counter\n" : " histogram\n");
        foreach (var series in _series.Values.SelectMany(static found => found).OrderBy(static found => found.Labels, StringComparer.Ordinal))
        {
            var (sum, count, counts) = series.Read();
            if (_bounds is null)
            {
                Sample(text, string.Empty, series.Labels, sum);
                continue;
            }

            var upTo = 0L;
            for (var i = 0; i < counts!.Length; i++)
            {
                upTo += counts[i];
                var bound = i < _bounds.Length ? Number(_bounds[i]) : "+Inf";
                Sample(text, "_bucket", series.Labels.Length == 0 ? $"le=\"{bound}\"" : $"{series.Labels},le=\"{bound}\"", upTo);
            }

            Sample(text, "_sum", series.Labels, sum);
            Sample(text, "_count", series.Labels, count);
        }
    }

    private Series? Find(int key, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (_series.TryGetValue(key, out var found))
        {
            foreach (var series in found)
            {
                if (series.Is(tags))
                {
                    return series;
                }
            }
        }

        return null;
    }

    private Series? Make(int key, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        lock (_series)
        {
            if (Find(key, tags) is { } there)
            {
                return there;
            }

            if (_count >= MostSeries)
            {
                return null;
            }

            _count++;
            var series = new Series(PrometheusLabels.Of(tags), tags.ToArray(), _bounds);
            _series[key] = _series.TryGetValue(key, out var others) ? [.. others, series] : [series];
            return series;
        }
    }

    private void Sample(StringBuilder text, string suffix, string labels, double value)
    {
        text.Append(_name).Append(suffix);
        if (labels.Length > 0)
        {
            text.Append('{').Append(labels).Append('}');
        }

        text.Append(' ').Append(Number(value)).Append('\n');
    }

    private static string Number(double value) => value.ToString("G15", CultureInfo.InvariantCulture);

    // As the OpenTelemetry specification maps names and units to Prometheus'.
    private static string NameOf(Instrument instrument)
    {
        var name = instrument.Name.Replace('.', '_');
        return instrument.Unit switch
        {
            "s" => name + "_seconds",
            "{USD}" => name + "_usd",
            _ => name,
        };
    }
}

/// <summary>Tags as Prometheus writes labels.</summary>
internal static class PrometheusLabels
{
    /// <summary>The labels with commas between them; those without a value are left out.</summary>
    public static string Of(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var text = new StringBuilder();
        foreach (var (name, value) in tags)
        {
            if (Convert.ToString(value, CultureInfo.InvariantCulture) is { Length: > 0 } written)
            {
                text.Append(text.Length > 0 ? "," : string.Empty).Append(name.Replace('.', '_')).Append("=\"");
                Escape(text, written);
                text.Append('"');
            }
        }

        return text.ToString();
    }

    private static void Escape(StringBuilder text, string value)
    {
        foreach (var letter in value)
        {
            _ = letter switch
            {
                '\\' => text.Append("\\\\"),
                '"' => text.Append("\\\""),
                '\n' => text.Append("\\n"),
                _ => text.Append(letter),
            };
        }
    }
}

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
