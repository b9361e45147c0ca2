using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace FuncLimiter.Gateway.Http.Requests;

/// <summary>What a caller prefers (RFC 7240): how long to wait, and whether to be answered later.</summary>
/// <param name="Wait">The longest wait, or null.</param>
/// <param name="RespondAsync">Whether the call is to become a job.</param>
internal readonly record struct Preferences(TimeSpan? Wait, bool RespondAsync)
{
    private const int MaxWaitSeconds = 24 * 60 * 60;

    /// <summary>Reads the values of <c>Prefer</c>; what is not understood is passed over, as the RFC asks.</summary>
    public static Preferences Read(StringValues values)
    {
        TimeSpan? wait = null;
        var respondAsync = false;
        foreach (var value in values)
        {
            foreach (var range in value.AsSpan().Split(','))
            {
                var preference = value.AsSpan(range).Trim();
                if (preference.Equals("respond-async", StringComparison.OrdinalIgnoreCase))
                {
                    respondAsync = true;
                }
                else if (wait is null && Seconds(preference) is { } seconds)
                {
                    wait = TimeSpan.FromSeconds(Math.Min(seconds, MaxWaitSeconds));
                }
            }
        }

        return new Preferences(wait, respondAsync);
    }

    private static int? Seconds(ReadOnlySpan<char> preference)
    {
        var equals = preference.IndexOf('=');
        return equals > 0
            && preference[..equals].Trim().Equals("wait", StringComparison.OrdinalIgnoreCase)
            && int.TryParse(preference[(equals + 1)..].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            ? seconds
            : null;
    }
}
