using System.Buffers;
using System.Text.Json;
using FuncLimiter.Gateway.Http.Endpoints;

namespace FuncLimiter.Gateway.Alerts;

/// <summary>Writes news of an alert as it is sent to the webhook.</summary>
internal static class AlertJson
{
    /// <summary>The body.</summary>
    public static byte[] Write(AlertNotice notice)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            var alert = notice.Alert;
            json.WriteStartObject();
            json.WriteString("type"u8, notice.Change switch { AlertChange.Raised => "alert.raised", AlertChange.Lowered => "alert.lowered", _ => "alert.ended" });
            json.WriteString("at"u8, notice.At);
            json.WriteString("budget"u8, alert.Budget);
            json.WriteString("dimension"u8, DimensionName.Of(alert.Dimension));
            json.WriteNumber("windowSeconds"u8, alert.WindowSeconds);
            json.WriteString("level"u8, AlertLevelName.Of(alert.Level));
            json.WriteNumber("use"u8, Math.Round(alert.Use, 3));
            json.WriteString("since"u8, alert.Since.ToDateTimeOffset());
            json.WriteString("cause"u8, alert.Cause);
            json.WriteStartArray("steps"u8);
            foreach (var step in alert.Steps)
            {
                json.WriteStringValue(step);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
