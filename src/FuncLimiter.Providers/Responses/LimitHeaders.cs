using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Providers.Responses;

/// <summary>The headers by which a provider reports one limit.</summary>
/// <param name="Name">The limit's name in a reading.</param>
/// <param name="Dimension">What the core calls it; null where the core does not count it.</param>
/// <param name="Limit">The header with the limit.</param>
/// <param name="Remaining">The header with what is left.</param>
/// <param name="Reset">The header with the reset; null where the provider sends none.</param>
internal sealed record LimitHeaders(string Name, Dimension? Dimension, string Limit, string Remaining, string? Reset)
{
    /// <summary>The window that the headers' own names, or the provider's documents, promise.</summary>
    public TimeSpan? Window { get; init; }

    /// <summary>True where the core is told the window, and the reading by name is not.</summary>
    public bool WindowIsImplied { get; init; }

    /// <summary>The header with the window's seconds; null where the provider sends none.</summary>
    public string? Period { get; init; }

    /// <summary>Headers of the form <c>x-ratelimit-(limit|remaining|reset)-suffix</c>.</summary>
    public static LimitHeaders Suffixed(string name, string suffix, TimeSpan? window = null) => new(
        name, LimitNames.DimensionOf(name), $"x-ratelimit-limit-{suffix}", $"x-ratelimit-remaining-{suffix}", $"x-ratelimit-reset-{suffix}")
    {
        Window = window,
    };

    /// <summary>The same, of limits by the minute, though nothing in the response says so.</summary>
    public LimitHeaders ByTheMinute() => this with { Window = TimeSpan.FromMinutes(1), WindowIsImplied = true };

    /// <summary>Headers of the form <c>x-ratelimit-(limit|remaining|reset)</c>.</summary>
    public static readonly LimitHeaders Plain =
        new(LimitNames.Requests, Core.Budgets.Dimension.Requests, "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset");

    /// <summary>Headers of the form <c>prefix-(limit|remaining|reset)</c>.</summary>
    public static LimitHeaders Prefixed(string name, string prefix) =>
        new(name, LimitNames.DimensionOf(name), $"{prefix}-limit", $"{prefix}-remaining", $"{prefix}-reset");
}
