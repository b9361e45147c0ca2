using FuncLimiter.Core.Budgets;
using FuncLimiter.Providers.Responses;

namespace FuncLimiter.Gateway.Configuration.Reading;

/// <summary>How a provider counts where the configuration does not say.</summary>
/// <param name="Minute">The algorithm of minute limits.</param>
/// <param name="Day">The algorithm of day limits: a bucket that refills over 24 hours, or a calendar day.</param>
/// <param name="Zone">The zone of the calendar day's midnight; null for UTC.</param>
internal sealed record CountingRule(LimitAlgorithm Minute, LimitAlgorithm Day, TimeZoneInfo? Zone = null)
{
    /// <summary>The slice of a minute, in seconds, that holds no more than its part of the requests; null for none.</summary>
    public int? SliceSeconds { get; init; }

    /// <summary>Tenants and users: a bucket by the minute, a quota by the calendar day in UTC.</summary>
    public static readonly CountingRule Consumer = new(LimitAlgorithm.Bucket, LimitAlgorithm.CalendarDay);

    private static readonly CountingRule Continuous = new(LimitAlgorithm.Bucket, LimitAlgorithm.Bucket);

    // Sliding is the safe reading of a minute window whose phase no header tells.
    private static readonly Dictionary<string, CountingRule> Others = new(StringComparer.Ordinal)
    {
        // Azure looks at spans of one or of ten seconds (quota management guide); what fits the shorter fits the longer.
        ["azure-openai"] = new(LimitAlgorithm.Fixed, LimitAlgorithm.CalendarDay) { SliceSeconds = 1 },
        ["gemini"] = new(LimitAlgorithm.Sliding, LimitAlgorithm.CalendarDay, PacificTime.Zone),
        ["openrouter"] = new(LimitAlgorithm.Sliding, LimitAlgorithm.CalendarDay),
        ["cerebras"] = new(LimitAlgorithm.Sliding, LimitAlgorithm.CalendarDay),
        ["mistral"] = new(LimitAlgorithm.Sliding, LimitAlgorithm.Bucket),
        ["cohere"] = new(LimitAlgorithm.Sliding, LimitAlgorithm.Bucket),
    };

    public static CountingRule OfProvider(string? provider) =>
        provider is not null && Others.TryGetValue(provider, out var rule) ? rule : Continuous;
}
