using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text;

namespace FuncLimiter.Gateway.Operations.Telemetry;

/// <summary>Keeps what the instruments of calls were told, for <c>/metrics</c>: the same values that go out over OpenTelemetry.</summary>
internal sealed class MetricSeries : IDisposable
{
    private readonly ConcurrentDictionary<string, InstrumentSeries> _instruments = new(StringComparer.Ordinal);
    private readonly MeterListener _listener = new();

    public MetricSeries(GatewayMetrics metrics)
    {
        // What is read when asked for stands in the report already.
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter, metrics.Meter) && !instrument.IsObservable)
            {
                listener.EnableMeasurementEvents(instrument, _instruments.GetOrAdd(instrument.Name, _ => InstrumentSeries.Of(instrument)));
            }
        };
        _listener.SetMeasurementEventCallback<long>(static (_, value, tags, state) => ((InstrumentSeries)state!).Add(value, tags));
        _listener.SetMeasurementEventCallback<int>(static (_, value, tags, state) => ((InstrumentSeries)state!).Add(value, tags));
        _listener.SetMeasurementEventCallback<double>(static (_, value, tags, state) => ((InstrumentSeries)state!).Add(value, tags));
        _listener.Start();
    }

    /// <summary>Writes every series in Prometheus' text format.</summary>
    public void Write(StringBuilder text)
    {
        foreach (var (_, instrument) in _instruments.OrderBy(static entry => entry.Key, StringComparer.Ordinal))
        {
            instrument.Write(text);
        }

        text.Append("# HELP funclimiter_values_left_out_total Values of calls without series, since there were too many.\n")
            .Append("# TYPE funclimiter_values_left_out_total counter\n")
            .Append("funclimiter_values_left_out_total ").Append(_instruments.Values.Sum(static instrument => instrument.LeftOut)).Append('\n');
    }

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();
}
