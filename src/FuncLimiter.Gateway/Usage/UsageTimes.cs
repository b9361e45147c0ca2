using System.Globalization;

namespace FuncLimiter.Gateway.Usage;

/// <summary>How reports of usage write times.</summary>
internal static class UsageTimes
{
    /// <summary>A time in UTC, to the second.</summary>
    public static string Write(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
