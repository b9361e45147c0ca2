using System.Globalization;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Providers.Responses;

namespace FuncLimiter.Providers.Tests.Responses;

/// <summary>
/// Every header by which a provider tells limits and waits, in every form that servers and proxies between give it: what must be read, or that
/// nothing may be.
/// </summary>
public class HeaderMutationTests
{
    private static readonly DateTimeOffset Now = new(2026, 9, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly string[] All =
    [
        "openai", "azure-openai", "anthropic", "gemini", "vertex", "bedrock", "mistral", "groq", "cohere", "xai", "deepseek", "openrouter",
        "together", "fireworks", "cerebras", "perplexity", "openai-compatible",
    ];

    /// <summary>What each provider calls its limits: the name in a reading, and the headers; of a reset, none where the provider tells none.</summary>
    private static readonly (string Provider, string Name, string Limit, string Remaining, string? Reset)[] Reported =
    [
        .. Suffixed("openai", ("requests", "requests"), ("tokens", "tokens"), ("projectTokens", "project-tokens")),
        .. Suffixed("azure-openai", ("requests", "requests"), ("tokens", "tokens")),
        .. Anthropic("requests", "tokens", "input-tokens", "output-tokens"),
        .. Suffixed("mistral", ("requests", "req-minute"), ("tokens", "tokens-minute")),
        ("mistral", "tokens", "ratelimitbysize-limit", "ratelimitbysize-remaining", "ratelimitbysize-reset"),
        .. Suffixed("groq", ("requests", "requests"), ("tokens", "tokens")),
        ("cohere", "requests", "x-trial-endpoint-call-limit", "x-trial-endpoint-call-remaining", null),
        .. Suffixed("xai", ("requests", "requests"), ("tokens", "tokens")),
        ("openrouter", "requests", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"),
        ("together", "requests", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"),
        ("together", "tokens", "x-tokenlimit-limit", "x-tokenlimit-remaining", null),
        .. Suffixed("fireworks", ("inputTokens", "tokens-prompt"), ("uncachedInputTokens", "tokens-cache-adjusted-prompt"), ("outputTokens", "tokens-generated")),
        .. Suffixed("cerebras", ("requests", "requests-minute"), ("requestsDay", "requests-day"), ("tokens", "tokens-minute")),
        .. Suffixed("openai-compatible", ("requests", "requests"), ("tokens", "tokens")),
        ("openai-compatible", "requests", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"),
        ("openai-compatible", "requests", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"),
    ];

    /// <summary>A span or a moment, five seconds away where it can be read as one; null where nothing may be read.</summary>
    private static readonly (string? Written, double? Seconds)[] Times =
    [
        (null, null), ("", null), ("   ", null),
        ("5", 5), (" 5 ", 5), ("5.0", 5), ("0.25", 0.25), ("0", 0),
        ("5, 5", 5), ("5,5,5", 5), ("5, 9", null), ("5,", null), ("1,000", null),
        ("-5", null), ("+5", null), ("-1", null), ("1e3", null), ("0x10", null), ("NaN", null), ("Infinity", null), ("\u0665", null),
        ("250ms", 0.25), ("5s", 5), ("1m30s", 90), ("1h2m3s", 3723), ("1s2m", null), ("5s5s", null), ("5 parsecs", null), ("-5s", null),
        ("5 seconds", 5), ("1m 30s", 90), ("PT5S", 5), ("PT1M30S", 90), ("P1DT1H", 90_000), ("P1M", null), ("\"5\"", 5), ("\"5", null),
        ("2026-09-01 12:00:05 UTC", 5), ("2026-09-01 12:00:05 +0000 UTC", 5), ("2026-09-01T12:00:05", null), ("Tue, 01 Sep 2026 12:00:05 gmt", 5),
        ("1788264005000000", 5), ("1788264005000000000", 5),
        ("2026-09-01T12:00:05Z", 5), ("2026-09-01T12:00:05.5Z", 5.5), ("2026-09-01T14:00:05+02:00", 5), ("2026-09-01T11:59:00Z", 0),
        ("2026-09-01T12:00:05Z, 2026-09-01T12:00:05Z", 5), ("2026-13-01T12:00:05Z", null), ("2026-09-01", null),
        ("1788264005", 5), ("1788264005000", 5), ("1788263000", 0), ("1788263000000", 0),
        ("Tue, 01 Sep 2026 12:00:05 GMT", 5), ("Tue, 01 Sep 2026 12:00:05 UTC", 5), ("Tue, 01 Sep 2026 12:00:05 +0000", 5),
        ("Tue, 1 Sep 2026 12:00:05 GMT", 5), ("Tue, 01 Sep 2026 05:00:05 PDT", 5), ("Tue, 01 Sep 2026 04:00:05 PST", 5),
        ("Tue, 01 Sep 2026 08:00:05 -0400", 5), ("Tue, 01 Sep 2026 14:00:05 +0200", 5), ("Tuesday, 01-Sep-26 12:00:05 GMT", 5),
        ("Tue Sep  1 12:00:05 2026", 5), ("01 Sep 2026 12:00:05 GMT", 5),
        ("Tue, 01 Sep 2026 12:00:05 GMT, Tue, 01 Sep 2026 12:00:05 GMT", 5),
        ("Tue, 01 Sep 2026 12:00:05 GMT, Tue, 01 Sep 2026 12:00:09 GMT", null),
        ("Tue, 01 Sep 2026 12:00:05", null), ("Tue, 01 Sep 2026 12:00:05 XYZ", null), ("Tue, 01 Sep 2026 12:00:05 +9900", null),
        ("Tue, 01 Sep 2026 11:00:00 GMT", 0),
        ("2036-08-30T12:00:00Z", 3651 * 86_400.0), ("315360000", 315_360_000),
        ("soon", null), ("tomorrow", null), ("<html>", null), ("null", null), ("\u00fc", null),
        (new string('9', 70), null),
    ];

    /// <summary>A number of requests or tokens; null where nothing may be read.</summary>
    private static readonly (string? Written, double? Number)[] Counts =
    [
        (null, null), ("", null),
        ("40", 40), (" 40 ", 40), ("40, 40", 40), ("40, 41", null), ("40;w=60", 40), ("40, 40;w=60, 900;w=3600", 40), (";w=60", null), ("\"40\"", 40), ("0", 0), ("40.5", 40.5),
        ("-1", null), ("-40", null), ("+40", null), ("1e3", null), ("0x10", null), ("NaN", null), ("40k", null), ("40ms", null), ("1,000", null),
        ("2026-09-01T12:00:05Z", null), ("1788264005", 1_788_264_005), ("unlimited", null), ("\u0664\u0660", null),
        ("999999999999999999999999999999", 1e30), (new string('9', 70), null),
    ];

    public static TheoryData<string, string?, double?> Waits => Matrix(All, Times);

    public static TheoryData<int, string?, double?> Resets =>
        Matrix(Enumerable.Range(0, Reported.Length).Where(place => Reported[place].Reset is not null), Times);

    public static TheoryData<int, string?, double?> Amounts => Matrix(Enumerable.Range(0, Reported.Length), Counts);

    [Theory]
    [MemberData(nameof(Waits))]
    public void RetryAfter_IsReadAsItIsMeant_OrNotAtAll(string provider, string? written, double? seconds)
    {
        var reading = Read(provider, 429, ("retry-after", written));

        AssertSeconds(seconds, reading.RetryAfterSeconds);
        Assert.Equal(seconds is null ? null : "retry-after", reading.RetryAfterSource);
        AssertSeconds(seconds is { } told ? Math.Min(told, TimeSpan.FromDays(3650).TotalSeconds) : null, reading.Observation.RetryAfter?.TotalSeconds);
        Assert.True(reading.Retryable);
        Assert.Equal(provider == "vertex" ? OutcomeKind.Overloaded : OutcomeKind.RateLimited, reading.Observation.Kind);
    }

    [Theory]
    [MemberData(nameof(Waits))]
    public void RetryAfter_OfASuccess_PausesNothing(string provider, string? written, double? seconds)
    {
        _ = seconds;

        Assert.Null(Read(provider, 200, ("retry-after", written)).Observation.RetryAfter);
    }

    [Theory]
    [MemberData(nameof(Waits))]
    public void RetryAfterMs_IsANumberOfMilliseconds_OrNothing(string provider, string? written, double? seconds)
    {
        foreach (var name in (string[])["retry-after-ms", "x-ms-retry-after-ms"])
        {
            var reading = Read(provider, 429, (name, written));

            // What is no plain number is not read; what is, is milliseconds, whatever its size.
            double? number = seconds is not null && double.TryParse(written!.Split(',')[0].Trim().Trim('"'), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var plain) ? plain : null;
            AssertSeconds(number / 1000, reading.RetryAfterSeconds);
        }
    }

    [Theory]
    [MemberData(nameof(Resets))]
    public void Reset_IsReadAsItIsMeant_OrNotAtAll(int place, string? written, double? seconds)
    {
        var (provider, name, limit, remaining, reset) = Reported[place];

        var reading = Read(provider, 200, (limit, "100"), (remaining, "40"), (reset!, written));

        var told = reading.Limits[name];
        Assert.Equal((100, 40), (told.Limit, told.Remaining));
        AssertSeconds(seconds, told.ResetSeconds);
        AssertSane(reading);
    }

    [Theory]
    [MemberData(nameof(Amounts))]
    public void Limit_IsReadAsItIsMeant_OrNotAtAll(int place, string? written, double? number)
    {
        var (provider, name, limit, remaining, _) = Reported[place];

        var reading = Read(provider, 200, (limit, written), (remaining, "40"));

        Assert.Equal(number, reading.Limits[name].Limit);
        Assert.Equal(40, reading.Limits[name].Remaining);
        AssertSane(reading);
    }

    [Theory]
    [MemberData(nameof(Amounts))]
    public void Remaining_IsReadAsItIsMeant_OrNotAtAll(int place, string? written, double? number)
    {
        var (provider, name, limit, remaining, _) = Reported[place];

        var reading = Read(provider, 200, (limit, "100"), (remaining, written));

        Assert.Equal(number, reading.Limits[name].Remaining);
        Assert.Equal(100, reading.Limits[name].Limit);
        AssertSane(reading);
    }

    [Fact]
    public void EveryProvider_IsInTheMatrix() => Assert.All(All, provider => Assert.Equal(provider, ProviderCatalog.Get(provider).Id));

    private static ResponseReading Read(string provider, int status, params (string Name, string? Value)[] headers)
    {
        var values = headers.Where(header => header.Value is not null)
            .ToDictionary(header => header.Name, header => header.Value, StringComparer.OrdinalIgnoreCase);
        return ProviderCatalog.Get(provider).Read(status, name => values.GetValueOrDefault(name), "application/json", "{}"u8, Now);
    }

    // What the core hears is never below nothing, and never so large that sums overflow.
    private static void AssertSane(ResponseReading reading) => Assert.All(reading.Observation.Readings, heard =>
    {
        Assert.InRange(heard.Limit ?? 0, 0, (long)1e15);
        Assert.InRange(heard.Remaining ?? 0, 0, (long)1e15);
        Assert.InRange(heard.ResetIn ?? TimeSpan.Zero, TimeSpan.Zero, TimeSpan.FromDays(3650));
    });

    private static void AssertSeconds(double? expected, double? actual)
    {
        Assert.Equal(expected is null, actual is null);
        Assert.Equal(expected ?? 0, actual ?? 0, 1e-6 * Math.Max(1, expected ?? 0));
    }

    private static TheoryData<TFirst, string?, double?> Matrix<TFirst>(IEnumerable<TFirst> first, (string? Written, double? Expected)[] mutations)
    {
        var data = new TheoryData<TFirst, string?, double?>();
        foreach (var one in first)
        {
            foreach (var (written, expected) in mutations)
            {
                data.Add(one, written, expected);
            }
        }

        return data;
    }

    private static IEnumerable<(string, string, string, string, string?)> Suffixed(string provider, params (string Name, string Suffix)[] limits) => limits.Select(
        limit => (provider, limit.Name, $"x-ratelimit-limit-{limit.Suffix}", $"x-ratelimit-remaining-{limit.Suffix}", (string?)$"x-ratelimit-reset-{limit.Suffix}"));

    private static IEnumerable<(string, string, string, string, string?)> Anthropic(params string[] limits) => limits.Select(limit => (
        "anthropic",
        limit switch { "input-tokens" => "inputTokens", "output-tokens" => "outputTokens", _ => limit },
        $"anthropic-ratelimit-{limit}-limit", $"anthropic-ratelimit-{limit}-remaining", (string?)$"anthropic-ratelimit-{limit}-reset"));
}
