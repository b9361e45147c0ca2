using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Simulation.Providers;

namespace FuncLimiter.WhatIf.Virtual;

/// <summary>From a configuration to virtual providers that enforce just the limits that it states.</summary>
internal static class ProviderSetup
{
    // Those whose answers name their limits (the providers' rate limit pages); the others leave the limiter to its own count.
    private static readonly HashSet<string> Telling = new(StringComparer.Ordinal)
    {
        "openai", "azure-openai", "anthropic", "groq", "cerebras", "mistral", "openrouter", "together", "fireworks", "xai", "openai-compatible",
    };

    /// <summary>Whether a provider's headers tell of its limits.</summary>
    public static bool TellsLimits(string provider) => Telling.Contains(provider);

    /// <summary>The providers, their deployments in the configuration's order.</summary>
    public static ProviderDoubleOptions From(GatewayConfiguration configuration, VirtualFleet fleet, ulong seed) =>
        From(configuration, Epoch + fleet.StartsAt, LatencyOptions.None) with { Seed = seed, Faults = fleet.Faults };

    /// <summary>The same at a moment of a real day. An account's key is its id.</summary>
    public static ProviderDoubleOptions From(GatewayConfiguration configuration, DateTimeOffset start, LatencyOptions latency) => new()
    {
        SharedLimits = configuration.Accounts.ToDictionary(account => account.Id, account => Limits(account.Limits, start)),
        Deployments =
        [
            .. configuration.Accounts.SelectMany(account => account.Models.Select(model => new DeploymentOptions(account.Id, model.Model)
            {
                Name = $"{account.Id}/{model.Model}",
                Dialect = DialectOf(account.Provider),
                Limits = Limits(model.Limits, start),
                Latency = latency,
            })),
        ],
    };

    /// <summary>A midnight; which one does not matter.</summary>
    public static DateTimeOffset Epoch { get; } = new(2026, 1, 5, 0, 0, 0, TimeSpan.Zero);

    private static ProviderDialect DialectOf(string provider) => provider switch
    {
        "anthropic" => ProviderDialect.Anthropic,
        "azure-openai" => ProviderDialect.Azure,
        _ => ProviderDialect.OpenAI,
    };

    private static IReadOnlyList<LimitOptions> Limits(IReadOnlyList<Limit> limits, DateTimeOffset start) => [.. limits.Select(limit => Of(limit, start))];

    private static LimitOptions Of(Limit limit, DateTimeOffset start) => new(Of(limit.Dimension), limit.Amount, limit.Window, Scheme(limit))
    {
        BurstSeconds = limit.BurstSeconds,
        Phase = limit.Algorithm == LimitAlgorithm.CalendarDay ? NextMidnight(limit.TimeZone ?? TimeZoneInfo.Utc, start) - start : TimeSpan.Zero,
    };

    // Providers count slices of a minute in fixed windows. The limiter doesn't know where they begin, so it counts in sliding ones.
    private static LimitScheme Scheme(Limit limit) => limit.Algorithm switch
    {
        LimitAlgorithm.Concurrency => LimitScheme.Concurrency,
        LimitAlgorithm.Fixed or LimitAlgorithm.CalendarDay => LimitScheme.Fixed,
        LimitAlgorithm.Sliding => limit.IsSlice ? LimitScheme.Fixed : LimitScheme.Sliding,
        _ => LimitScheme.Bucket,
    };

    private static LimitDimension Of(Dimension dimension) => dimension switch
    {
        Dimension.Requests => LimitDimension.Requests,
        Dimension.Tokens => LimitDimension.Tokens,
        Dimension.InputTokens => LimitDimension.InputTokens,
        Dimension.OutputTokens => LimitDimension.OutputTokens,
        Dimension.Concurrent => LimitDimension.Concurrent,
        _ => throw new ArgumentException($"No provider limits {dimension}.", nameof(dimension)),
    };

    private static DateTimeOffset NextMidnight(TimeZoneInfo zone, DateTimeOffset now)
    {
        var local = TimeZoneInfo.ConvertTime(now, zone);
        var midnight = local.Date.AddDays(1);
        return new DateTimeOffset(midnight, zone.GetUtcOffset(midnight));
    }
}

/// <summary>Limits as a person says them.</summary>
internal static class LimitWords
{
    public static string Of(LimitDimension dimension) => dimension switch
    {
        LimitDimension.Requests => "requests",
        LimitDimension.Tokens => "tokens",
        LimitDimension.InputTokens => "input tokens",
        LimitDimension.OutputTokens => "output tokens",
        _ => "calls at once",
    };

    public static string Of(Dimension dimension) => dimension switch
    {
        Dimension.Requests => "requests",
        Dimension.Tokens => "tokens",
        Dimension.InputTokens => "input tokens",
        Dimension.OutputTokens => "output tokens",
        Dimension.Cost => "US dollars",
        _ => "calls at once",
    };

    /// <summary>A window in words, for example <c>per minute</c>.</summary>
    public static string Per(double seconds) => seconds switch
    {
        0 => "",
        1 => "per second",
        60 => "per minute",
        3600 => "per hour",
        86400 => "per day",
        _ => FormattableString.Invariant($"per {seconds:0.##} s"),
    };
}
