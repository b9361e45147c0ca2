using System.Globalization;
using System.Text;

namespace FuncLimiter.Gateway.Telemetry;

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
