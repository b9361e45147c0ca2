using System.Buffers;
using System.Text.Json;
using FuncLimiter.Gateway.Calls.Headers;
using FuncLimiter.Gateway.Calls.Upstream;
using FuncLimiter.Gateway.Configuration;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Gateway.Operations.Alerts;

/// <summary>Tells the configured address of alerts, signed as the Standard Webhooks specification says; a few attempts each.</summary>
internal sealed partial class AlertWebhook(GatewayConfiguration configuration, TimeProvider time, ILogger<AlertWebhook> logger) : IDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan[] Pauses = [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30)];

    private readonly HttpMessageInvoker _client = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = TimeSpan.FromSeconds(5) });
    private readonly string? _address = configuration.Alerts.Webhook;
    private readonly byte[] _secret = configuration.Alerts.WebhookSecret is { } secret ? SignedPost.SecretBytes(secret) : [];

    /// <summary>Whether anybody is to be told.</summary>
    public bool IsWanted => _address is not null && _secret.Length > 0;

    /// <summary>Tells of one alert; what can't be delivered is told in the log.</summary>
    public async Task SendAsync(AlertNotice notice, CancellationToken cancellationToken)
    {
        var id = $"alert_{Guid.NewGuid():N}";
        var body = AlertJson.Write(notice);
        for (var attempt = 0; ; attempt++)
        {
            var (_, fault) = await SignedPost.SendAsync(_client, _address!, id, body, _secret, Longest, time, cancellationToken);
            if (fault is null)
            {
                return;
            }

            if (attempt == Pauses.Length)
            {
                LogLost(notice.Alert.Budget, fault);
                return;
            }

            await Task.Delay(Pauses[attempt], time, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    [LoggerMessage(LogLevel.Error, "The alert on {Budget} could not be delivered to the webhook: {Fault}.")]
    private partial void LogLost(string budget, string fault);
}

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
            json.WriteTexts("steps"u8, alert.Steps);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
