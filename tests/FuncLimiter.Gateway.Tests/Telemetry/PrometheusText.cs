using System.Globalization;
using System.Text.RegularExpressions;

namespace FuncLimiter.Gateway.Tests.Telemetry;

/// <summary>Reads Prometheus' text format 0.0.4 strictly: what breaks its rules fails.</summary>
internal sealed partial class PrometheusText
{
    private readonly Dictionary<string, string> _types = new(StringComparer.Ordinal);
    private readonly Dictionary<string, double> _samples = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, double> Samples => _samples;

    public IReadOnlyDictionary<string, string> Types => _types;

    public static PrometheusText Parse(string text)
    {
        var parsed = new PrometheusText();
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        foreach (var line in text[..^1].Split('\n'))
        {
            parsed.Read(line);
        }

        parsed.CheckHistograms();
        return parsed;
    }

    public double this[string series] => _samples[series];

    /// <summary>The sum over all series of a name.</summary>
    public double Sum(string name, string having = "") => _samples
        .Where(sample => (sample.Key == name || sample.Key.StartsWith(name + "{", StringComparison.Ordinal)) && sample.Key.Contains(having, StringComparison.Ordinal))
        .Sum(sample => sample.Value);

    private void Read(string line)
    {
        if (line.StartsWith("# HELP ", StringComparison.Ordinal))
        {
            return;
        }

        if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
        {
            var parts = line.Split(' ');
            Assert.Contains(parts[3], new[] { "counter", "gauge", "histogram" });
            Assert.True(_types.TryAdd(parts[2], parts[3]), $"{parts[2]} has two types");
            return;
        }

        var match = Sample().Match(line);
        Assert.True(match.Success, $"no sample: {line}");
        Assert.True(_types.ContainsKey(Family(match.Groups["name"].Value)), $"no type before {line}");
        var value = match.Groups["value"].Value;
        Assert.True(
            _samples.TryAdd(match.Groups["name"].Value + match.Groups["labels"].Value, value == "+Inf" ? double.PositiveInfinity : double.Parse(value, CultureInfo.InvariantCulture)),
            $"twice: {line}");
    }

    private string Family(string name) =>
        _types.ContainsKey(name) ? name : HistogramPart().Replace(name, string.Empty);

    private void CheckHistograms()
    {
        foreach (var (name, _) in _types.Where(type => type.Value == "histogram"))
        {
            foreach (var (count, value) in _samples.Where(sample => sample.Key.StartsWith(name + "_count", StringComparison.Ordinal)))
            {
                var labels = count[(name.Length + "_count".Length)..];
                var last = labels.Length == 0 ? "{le=\"+Inf\"}" : labels[..^1] + ",le=\"+Inf\"}";
                Assert.Equal(value, _samples[name + "_bucket" + last]);
                Assert.True(_samples.ContainsKey(name + "_sum" + labels));
            }
        }
    }

    [GeneratedRegex("""^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?<labels>\{[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"(?:,[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*")*\})? (?<value>[-+0-9.eE]+|\+Inf|NaN)\z""")]
    private static partial Regex Sample();

    [GeneratedRegex("_(bucket|sum|count)$")]
    private static partial Regex HistogramPart();
}
