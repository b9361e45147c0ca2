using System.Globalization;
using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Gateway.Configuration.Reading;

/// <summary>Reads one object of limits, and compares it with the one that encloses it.</summary>
internal sealed class LimitsReader(MistakeList mistakes)
{
    /// <summary>More than any provider sells, and small enough for exact arithmetic.</summary>
    public const long MostAmount = 1_000_000_000_000;

    private const decimal LeastUsd = 0.01m;
    private const decimal MostUsd = 1_000_000m;

    /// <summary>No call of a language model takes fewer tokens than this.</summary>
    private const int SmallestCallTokens = 8;

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    private static readonly (string Name, Dimension Dimension, TimeSpan Window)[] Amounts =
    [
        ("rpm", Dimension.Requests, Minute),
        ("tpm", Dimension.Tokens, Minute),
        ("itpm", Dimension.InputTokens, Minute),
        ("otpm", Dimension.OutputTokens, Minute),
        ("rpd", Dimension.Requests, Day),
        ("tpd", Dimension.Tokens, Day),
        ("concurrent", Dimension.Concurrent, TimeSpan.Zero),
    ];

    /// <summary>What amounts of limits are called in the configuration.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Amounts.Select(static amount => amount.Name), "usdPerDay"];

    /// <summary>What a limit is called in the configuration; null where it has no name there.</summary>
    public static string? NameOf(Dimension dimension, TimeSpan window) =>
        Array.Find(Amounts, amount => amount.Dimension == dimension && amount.Window == window).Name;

    // A pair contradicts itself where the first is above the second: it could never be reached.
    private static readonly (string Smaller, string Larger)[] Orders = [("itpm", "tpm"), ("otpm", "tpm"), ("rpm", "rpd"), ("tpm", "tpd")];

    public LimitSet Read(ObjectReader owner, string name, CountingRule rule, bool required = false)
    {
        var isConsumers = ReferenceEquals(rule, CountingRule.Consumer);
        return owner.Inner(name, isConsumers ? Shapes.ConsumerLimits : Shapes.Limits, required) is { } reader ? Read(reader, rule) : LimitSet.None;
    }

    /// <summary>Reads limits that stand in an object of their own, maybe beside something else.</summary>
    public LimitSet Read(ObjectReader reader, CountingRule rule)
    {
        var amounts = new Dictionary<string, long>();
        foreach (var amount in Amounts)
        {
            if (reader.Whole(amount.Name, 1, MostAmount) is { } value)
            {
                amounts[amount.Name] = value;
            }
        }

        var burstSeconds = (double?)reader.Number("burstSeconds", 0, 60, aboveLeast: true);
        var algorithm = Algorithm(reader);
        CheckBurst(reader, burstSeconds, algorithm);
        CheckOrders(reader, amounts);

        // Whoever states a burst speaks of a bucket.
        var minute = algorithm ?? (burstSeconds is null ? rule.Minute : LimitAlgorithm.Bucket);
        var day = algorithm is { } chosen ? (chosen == LimitAlgorithm.Fixed ? LimitAlgorithm.CalendarDay : chosen) : rule.Day;
        var limits = Amounts.Where(amount => amounts.ContainsKey(amount.Name)).Select(amount => amount.Window switch
        {
            var window when window == TimeSpan.Zero => new Limit(amount.Dimension, amounts[amount.Name], window, LimitAlgorithm.Concurrency),
            var window when window == Day => new Limit(amount.Dimension, amounts[amount.Name], window, day)
            {
                TimeZone = day == LimitAlgorithm.CalendarDay ? rule.Zone : null,
            },
            var window => new Limit(amount.Dimension, amounts[amount.Name], window, minute)
            {
                BurstSeconds = minute == LimitAlgorithm.Bucket ? burstSeconds : null,
            },
        }).ToArray();
        CheckRoom(reader, limits);
        var set = new LimitSet(amounts, [.. limits, .. Slices(reader, amounts, minute == LimitAlgorithm.Fixed ? rule.SliceSeconds : null)]);
        return ReferenceEquals(rule, CountingRule.Consumer) && reader.Number("usdPerDay", LeastUsd, MostUsd) is { } usd ? MoneyLimit.Add(set, usd) : set;
    }

    /// <summary>Finds inner limits above the limits that enclose them: they could never be reached.</summary>
    /// <param name="path">The path of the inner limits.</param>
    /// <param name="inner">The inner limits, of a deployment or a user.</param>
    /// <param name="outer">The enclosing limits.</param>
    /// <param name="outerName">Whose those are, for example <c>its account's</c>.</param>
    public void CheckWithin(string path, LimitSet inner, LimitSet outer, string outerName)
    {
        if (inner.UsdPerDay > outer.UsdPerDay)
        {
            mistakes.Add(
                JsonPath.Member(path, "usdPerDay"),
                string.Create(CultureInfo.InvariantCulture, $"{inner.UsdPerDay}, above {outerName} usdPerDay of {outer.UsdPerDay}"),
                string.Create(CultureInfo.InvariantCulture, $"write at most {outer.UsdPerDay}, or raise {outerName} usdPerDay"));
        }

        foreach (var (name, amount) in inner.Amounts)
        {
            if (outer.Amounts.TryGetValue(name, out var most) && amount > most)
            {
                mistakes.Add(
                    JsonPath.Member(path, name),
                    string.Create(CultureInfo.InvariantCulture, $"{amount}, above {outerName} {name} of {most}"),
                    string.Create(CultureInfo.InvariantCulture, $"write at most {most}, or raise {outerName} {name}"));
            }
        }
    }

    // Where a slice of the minute begins is not known: any span as long holds at most a slice's part.
    private IEnumerable<Limit> Slices(ObjectReader reader, Dictionary<string, long> amounts, int? usual)
    {
        const string name = "sliceSeconds";
        var written = reader.Whole(name, 0, 30);
        if (written > 0 && !amounts.ContainsKey("rpm"))
        {
            mistakes.Add(reader.At(name), "sliceSeconds without rpm", "write rpm beside it, or leave it out");
        }

        return (written ?? usual) is > 0 and var seconds && amounts.TryGetValue("rpm", out var rpm)
            ? [new Limit(Dimension.Requests, Math.Max(1, ((rpm * seconds) + 59) / 60), TimeSpan.FromSeconds(seconds), LimitAlgorithm.Sliding)]
            : [];
    }

    private LimitAlgorithm? Algorithm(ObjectReader reader)
    {
        const string name = "algorithm";
        var text = reader.Text(name);
        switch (text)
        {
            case null: return null;
            case "bucket": return LimitAlgorithm.Bucket;
            case "sliding": return LimitAlgorithm.Sliding;
            case "fixed": return LimitAlgorithm.Fixed;
            default:
                mistakes.Add(reader.At(name), MistakeList.Quote(text), $"write {Shapes.Limits[name].Wanted}");
                return null;
        }
    }

    private void CheckBurst(ObjectReader reader, double? burstSeconds, LimitAlgorithm? algorithm)
    {
        const string name = "burstSeconds";
        if (burstSeconds is null)
        {
            return;
        }

        if (algorithm is LimitAlgorithm.Sliding or LimitAlgorithm.Fixed)
        {
            mistakes.Add(
                reader.At(name),
                "burstSeconds beside an algorithm that knows no burst",
                "leave burstSeconds out, or write \"algorithm\": \"bucket\"");
        }

        if (!Amounts.Any(amount => amount.Window == Minute && reader.Has(amount.Name)))
        {
            mistakes.Add(reader.At(name), "burstSeconds without a limit by the minute", "write rpm, tpm, itpm or otpm beside it, or leave it out");
        }
    }

    private void CheckOrders(ObjectReader reader, Dictionary<string, long> amounts)
    {
        foreach (var (smaller, larger) in Orders)
        {
            if (amounts.TryGetValue(smaller, out var low) && amounts.TryGetValue(larger, out var high) && low > high)
            {
                mistakes.Add(
                    reader.At(smaller),
                    string.Create(CultureInfo.InvariantCulture, $"{low}, above the {larger} of {high} beside it"),
                    string.Create(CultureInfo.InvariantCulture, $"write at most {high}, raise {larger}, or leave {smaller} out"));
            }
        }
    }

    private void CheckRoom(ObjectReader reader, IReadOnlyList<Limit> limits)
    {
        foreach (var limit in limits.Where(limit => limit.Dimension is Dimension.Tokens or Dimension.InputTokens && limit.Capacity < SmallestCallTokens))
        {
            var name = Amounts.First(amount => amount.Dimension == limit.Dimension && amount.Window == limit.Window).Name;
            mistakes.Add(
                reader.At(name),
                string.Create(CultureInfo.InvariantCulture, $"a limit that lets {limit.Capacity:0.#} tokens through at once"),
                limit.BurstSeconds is null ? "raise it: no call is that small" : "raise it or burstSeconds: no call is that small");
        }
    }
}

/// <summary>Limits as they were written, and what they mean.</summary>
/// <param name="Amounts">The amounts by member (<c>rpm</c>, <c>tpm</c>, ...).</param>
/// <param name="Limits">The same for the core.</param>
internal sealed record LimitSet(IReadOnlyDictionary<string, long> Amounts, IReadOnlyList<Limit> Limits)
{
    public static readonly LimitSet None = new(new Dictionary<string, long>(), []);

    /// <summary>US dollars per day; null for no such limit.</summary>
    public decimal? UsdPerDay { get; init; }
}

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
            foreach (var (index, limits) in configuration.Tenants[place].ModelLimits.Index())
            {
                var its = configuration.Routes.First(route => route.Model == limits.Model).Places.Where(unpriced.Contains).ToArray();
                Check(JsonPath.Item(JsonPath.Member(path, "modelLimits"), index), its.Length > 0 ? limits.Limits : [], its, mistakes);
            }
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
