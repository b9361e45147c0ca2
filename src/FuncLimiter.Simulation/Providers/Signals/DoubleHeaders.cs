using System.Globalization;
using FuncLimiter.Simulation.Providers.Enforcement;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Simulation.Providers.Signals;

/// <summary>
/// The headers that tell of limits, stamped when a call is admitted or refused (recorded OpenAI answers show 12 ms to a full bucket of
/// 5,000 per minute, which only holds at that moment).
/// </summary>
internal static class DoubleHeaders
{
    private static readonly (LimitDimension Dimension, string Name)[] OpenAINames =
        [(LimitDimension.Requests, "requests"), (LimitDimension.Tokens, "tokens")];

    private static readonly (LimitDimension Dimension, string Name)[] AnthropicNames =
    [
        (LimitDimension.Requests, "requests"), (LimitDimension.InputTokens, "input-tokens"), (LimitDimension.OutputTokens, "output-tokens"),
    ];

    /// <summary>Sets them.</summary>
    /// <param name="headers">The response's.</param>
    /// <param name="dialect">Whose.</param>
    /// <param name="limits">The limits that the call met.</param>
    /// <param name="now">Seconds since the double's start.</param>
    /// <param name="utcNow">The time of day.</param>
    public static void Set(IHeaderDictionary headers, ProviderDialect dialect, DoubleLimits limits, double now, DateTimeOffset utcNow)
    {
        if (dialect == ProviderDialect.Anthropic)
        {
            SetAnthropic(headers, limits, now, utcNow);
        }
        else
        {
            SetOpenAI(headers, dialect, limits, now);
        }
    }

    private static void SetOpenAI(IHeaderDictionary headers, ProviderDialect dialect, DoubleLimits limits, double now)
    {
        foreach (var (dimension, name) in OpenAINames)
        {
            var own = Tightest(limits.Own, dimension, now);
            var shared = Tightest(limits.Shared, dimension, now);
            SetOpenAI(headers, dialect, name, own ?? shared, now);
            if (own is not null && dimension == LimitDimension.Tokens && dialect == ProviderDialect.OpenAI)
            {
                SetOpenAI(headers, dialect, "project-tokens", shared, now);
            }
        }
    }

    private static void SetOpenAI(IHeaderDictionary headers, ProviderDialect dialect, string name, Enforcer? limit, double now)
    {
        if (limit is null)
        {
            return;
        }

        headers[$"x-ratelimit-limit-{name}"] = Whole(limit.Amount);
        headers[$"x-ratelimit-remaining-{name}"] = Whole(Math.Max(0, limit.Available(now)));
        var reset = limit.ResetIn(now);
        headers[$"x-ratelimit-reset-{name}"] =
            dialect == ProviderDialect.Azure ? Whole(GoDuration.Seconds(reset)) : GoDuration.Format(reset);
    }

    private static void SetAnthropic(IHeaderDictionary headers, DoubleLimits limits, double now, DateTimeOffset utcNow)
    {
        Enforcer? tightestTokens = null;
        foreach (var (dimension, name) in AnthropicNames)
        {
            var limit = Tightest(limits.All, dimension, now);
            SetAnthropic(headers, name, limit, now, utcNow);
            if (dimension != LimitDimension.Requests && limit is not null
                && (tightestTokens is null || Share(limit, now) < Share(tightestTokens, now)))
            {
                tightestTokens = limit;
            }
        }

        SetAnthropic(headers, "tokens", tightestTokens, now, utcNow);
    }

    private static void SetAnthropic(IHeaderDictionary headers, string name, Enforcer? limit, double now, DateTimeOffset utcNow)
    {
        if (limit is null)
        {
            return;
        }

        var remaining = Math.Max(0, Math.Floor(limit.Available(now)));
        var shown = limit.Dimension == LimitDimension.Requests ? remaining : Math.Round(remaining / 1000) * 1000;
        headers[$"anthropic-ratelimit-{name}-limit"] = Whole(limit.Amount);
        headers[$"anthropic-ratelimit-{name}-remaining"] = Whole(shown);
        headers[$"anthropic-ratelimit-{name}-reset"] = Rfc3339(utcNow, limit.ResetIn(now));
    }

    /// <summary>The limit with the least share left; slices and growth limits have no headers.</summary>
    private static Enforcer? Tightest(IReadOnlyList<Enforcer> limits, LimitDimension dimension, double now)
    {
        Enforcer? tightest = null;
        foreach (var limit in limits)
        {
            if (limit.Dimension == dimension && limit.Options.Slice is null && limit is not AccelerationEnforcer
                && (tightest is null || Share(limit, now) < Share(tightest, now)))
            {
                tightest = limit;
            }
        }

        return tightest;
    }

    private static double Share(Enforcer limit, double now) => limit.Available(now) / limit.Capacity;

    private static string Whole(double amount) => ((long)Math.Floor(amount + 1e-6)).ToString(CultureInfo.InvariantCulture);

    private static string Rfc3339(DateTimeOffset utcNow, double seconds)
    {
        var at = utcNow.UtcTicks + (long)(seconds * TimeSpan.TicksPerSecond);
        var wholeSeconds = (at + TimeSpan.TicksPerSecond - 1) / TimeSpan.TicksPerSecond;
        return new DateTime(wholeSeconds * TimeSpan.TicksPerSecond, DateTimeKind.Utc)
            .ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
    }
}

/// <summary>Spans as OpenAI writes them: <c>0s</c>, <c>84ms</c>, <c>1.146s</c>, <c>6m0s</c>, <c>1h2m3.5s</c>.</summary>
internal static class GoDuration
{
    /// <summary>Writes a span, rounded up to a whole millisecond so that waiting for it is enough.</summary>
    public static string Format(double seconds)
    {
        var ms = Milliseconds(seconds);
        if (ms == 0)
        {
            return "0s";
        }

        if (ms < 1000)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{ms}ms");
        }

        var hours = ms / 3_600_000;
        var minutes = ms / 60_000 % 60;
        var rest = string.Create(CultureInfo.InvariantCulture, $"{ms % 60_000 / 1000m:0.###}s");
        return hours > 0 ? $"{hours}h{minutes}m{rest}" : minutes > 0 ? $"{minutes}m{rest}" : rest;
    }

    /// <summary>Whole milliseconds, rounded up but for what arithmetic on doubles adds.</summary>
    public static long Milliseconds(double seconds) => (long)Math.Ceiling(Math.Max(0, (seconds * 1000) - 1e-6));

    /// <summary>Whole seconds, rounded up.</summary>
    public static long Seconds(double seconds) => (long)Math.Ceiling(Math.Max(0, seconds - 1e-9));
}
