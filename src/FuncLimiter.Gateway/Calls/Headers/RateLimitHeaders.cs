using System.Globalization;
using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Gateway.Calls.Headers;

/// <summary>
/// The <c>RateLimit</c> and <c>RateLimit-Policy</c> fields of one budget's tightest meter
/// (draft-ietf-httpapi-ratelimit-headers: quota, window, remaining, seconds to reset).
/// </summary>
internal static class RateLimitHeaders
{
    /// <summary>The meter with the smallest share left; null where the budget has none.</summary>
    public static MeterReport? Tightest(BudgetReport budget)
    {
        MeterReport? tightest = null;
        foreach (var meter in budget.Meters)
        {
            if (tightest is null || Share(meter) < Share(tightest))
            {
                tightest = meter;
            }
        }

        return tightest;
    }

    /// <summary>For example <c>"tenant:acme";q=50000;w=60;qu="tokens"</c>.</summary>
    public static string Policy(string budget, MeterReport meter) => meter.WindowSeconds > 0
        ? string.Create(CultureInfo.InvariantCulture,
            $"\"{Quotable(budget)}\";q={Whole(meter.Effective)};w={Math.Max(1, Whole(meter.WindowSeconds))};qu=\"{Unit(meter.Dimension)}\"")
        : string.Create(CultureInfo.InvariantCulture, $"\"{Quotable(budget)}\";q={Whole(meter.Effective)};qu=\"{Unit(meter.Dimension)}\"");

    /// <summary>For example <c>"tenant:acme";r=1200;t=7</c>.</summary>
    public static string Limit(string budget, MeterReport meter) => string.Create(CultureInfo.InvariantCulture,
        $"\"{Quotable(budget)}\";r={Whole(meter.Remaining)};t={(long)Math.Ceiling(Math.Max(0, meter.ResetSeconds))}");

    /// <summary>For a refused caller, for example <c>"tenant:acme";r=0;t=7</c>.</summary>
    public static string Limit(string budget, TimeSpan retryAfter) =>
        string.Create(CultureInfo.InvariantCulture, $"\"{Quotable(budget)}\";r=0;t={(long)Math.Ceiling(retryAfter.TotalSeconds)}");

    private static double Share(MeterReport meter) => meter.Capacity > 0 ? meter.Remaining / meter.Capacity : 0;

    private static long Whole(double amount) => (long)Math.Floor(amount);

    private static string Unit(Dimension dimension) => dimension switch
    {
        Dimension.Requests => "requests",
        Dimension.Tokens => "tokens",
        Dimension.InputTokens => "input-tokens",
        Dimension.OutputTokens => "output-tokens",
        Dimension.Concurrent => "concurrent-requests",
        _ => "nano-usd",
    };

    /// <summary>A structured field's string holds printable ASCII only, and a user's name may hold anything.</summary>
    private static string Quotable(string name)
    {
        foreach (var letter in name)
        {
            if (letter is < ' ' or > '~' or '"' or '\\')
            {
                return string.Create(name.Length, name, static (quotable, name) =>
                {
                    for (var index = 0; index < name.Length; index++)
                    {
                        quotable[index] = name[index] is < ' ' or > '~' or '"' or '\\' ? '_' : name[index];
                    }
                });
            }
        }

        return name;
    }
}
