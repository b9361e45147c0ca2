using System.Globalization;
using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Gateway.Configuration.Reading;

/// <summary>Budgets of money: a meter in billionths of a dollar over the calendar day in UTC, and prices to count by.</summary>
internal static class MoneyLimit
{
    private const decimal NanoPerUsd = 1_000_000_000m;
    private const int MostNamed = 3;

    /// <summary>The same limits with one of money.</summary>
    public static LimitSet Add(LimitSet limits, decimal usdPerDay) => limits with
    {
        UsdPerDay = usdPerDay,
        Limits = [.. limits.Limits, new Limit(Dimension.Cost, (long)(usdPerDay * NanoPerUsd), TimeSpan.FromDays(1), LimitAlgorithm.CalendarDay)],
    };

    /// <summary>Finds budgets of money beside models without a price: their calls would cost nothing.</summary>
    public static void CheckPrices(GatewayConfiguration configuration, MistakeList mistakes)
    {
        var routed = configuration.Routes.SelectMany(route => route.Targets.Concat(route.Fallback)).ToHashSet(StringComparer.Ordinal);
        var unpriced = configuration.Accounts
            .SelectMany(account => account.Models.Where(model => model.Price is null).Select(model => $"{account.Id}/{model.Model}"))
            .Where(routed.Contains)
            .ToArray();
        for (var place = 0; unpriced.Length > 0 && place < configuration.Tenants.Count; place++)
        {
            var path = JsonPath.Item(JsonPath.Member(JsonPath.Root, "tenants"), place);
            Check(JsonPath.Member(path, "limits"), configuration.Tenants[place].Limits, unpriced, mistakes);
            Check(JsonPath.Member(path, "userLimits"), configuration.Tenants[place].UserLimits, unpriced, mistakes);
        }
    }

    private static void Check(string path, IReadOnlyList<Limit> limits, string[] unpriced, MistakeList mistakes)
    {
        if (limits.FirstOrDefault(limit => limit.Dimension == Dimension.Cost) is { } money)
        {
            var names = string.Join(", ", unpriced.Take(MostNamed)) + (unpriced.Length > MostNamed ? $" and {unpriced.Length - MostNamed} more" : string.Empty);
            mistakes.Add(
                JsonPath.Member(path, "usdPerDay"),
                string.Create(CultureInfo.InvariantCulture, $"{money.Amount / NanoPerUsd} while {names} may be called and have no price"),
                "write a price for each (0 where it costs nothing), or leave usdPerDay out");
        }
    }
}
