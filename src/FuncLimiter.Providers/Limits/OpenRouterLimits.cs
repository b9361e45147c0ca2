using System.Text.Json;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Providers.Responses;

namespace FuncLimiter.Providers.Limits;

/// <summary>
/// OpenRouter: <c>GET /api/v1/key</c>, with the account's own key. It tells how much the key may cost; paid models have no limit of requests,
/// models that end in <c>:free</c> 20 a minute and 50 a day, 1,000 a day where credits were bought. Its field <c>rate_limit</c> is given up and
/// to be passed over (openrouter.ai/docs/limits).
/// </summary>
public sealed class OpenRouterLimits : LimitSource
{
    private const int FreePerMinute = 20;
    private const int FreePerDay = 50;
    private const int FreePerDayWithCredits = 1000;
    private const double NanoPerUsd = 1e9;

    /// <inheritdoc/>
    public override string Name => "OpenRouter key";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Questions => ["/api/v1/key"];

    /// <inheritdoc/>
    public override LimitPage? Read(JsonElement body, string question)
    {
        var data = Json.At(body, "data");
        if (data.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        var isFree = Json.At(data, "is_free_tier").ValueKind == JsonValueKind.True;
        var limits = new List<ReadLimit>
        {
            new("*", Dimension.Requests, TimeSpan.FromMinutes(1), null),
            new("*", Dimension.Requests, TimeSpan.FromDays(1), null),
            new("*:free", Dimension.Requests, TimeSpan.FromMinutes(1), FreePerMinute),
            new("*:free", Dimension.Requests, TimeSpan.FromDays(1), isFree ? FreePerDay : FreePerDayWithCredits),
        };
        var reset = Json.Text(Json.At(data, "limit_reset"));
        if (Json.NumberAt(data, "limit") is >= 0 and < 1e6 and var usd)
        {
            limits.Add(new("*", Dimension.Cost, WindowOf(reset), (long)(usd * NanoPerUsd)));
        }

        return new(limits, reset is null or "daily" or "weekly" or "monthly" ? [] : [$"limit_reset {reset}"], null);
    }

    // A limit that never resets is of no window.
    private static TimeSpan WindowOf(string? reset) => reset switch
    {
        "daily" => TimeSpan.FromDays(1),
        "weekly" => TimeSpan.FromDays(7),
        "monthly" => TimeSpan.FromDays(30),
        _ => TimeSpan.Zero,
    };
}
