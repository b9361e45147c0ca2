using System.Globalization;
using FuncLimiter.Core.Spending;

namespace FuncLimiter.Gateway.Configuration.Reading;

/// <summary>Reads spending budgets.</summary>
internal sealed class BudgetsReader(MistakeList mistakes, IReadOnlyList<AccountConfiguration> accounts, IReadOnlyList<TenantConfiguration> tenants)
{
    private const decimal LeastUsd = 0.000001m;
    private const decimal MostUsd = 1_000_000m;
    private const decimal MostKept = 0.9m;
    private const long LongestRunSeconds = 30 * 24 * 3600;
    private const long LongestRaiseSeconds = 7 * 24 * 3600;
    private const string Name = "budgets";
    private const int MostNamed = 3;

    private static readonly string[] NotForRuns = ["per", "timeZone", "name"];
    private static readonly string[] ForRuns = ["seconds", "keepForClosing", "waitForRaiseSeconds"];

    /// <summary>The budgets.</summary>
    public List<SpendCap> Read(ObjectReader root)
    {
        var budgets = new List<SpendCap>();
        var known = new Dictionary<(SpendSubject, SpendPeriod, string?, string?, bool), string>();
        foreach (var (path, element) in root.List(Name))
        {
            if (ObjectReader.Open(element, path, Shapes.Budget, mistakes) is not { } reader || ReadOne(reader) is not { } budget)
            {
                continue;
            }

            if (!known.TryAdd((budget.For, budget.Per, budget.Name, budget.Tenant, budget.IsSoft), path))
            {
                mistakes.Add(path, "a second budget for the same", $"put it together with {known[(budget.For, budget.Per, budget.Name, budget.Tenant, budget.IsSoft)]}, or leave it out");
            }

            budgets.Add(budget);
        }

        return budgets;
    }

    /// <summary>Finds budgets of money beside models without a price: their calls would cost nothing.</summary>
    public static void CheckPrices(GatewayConfiguration configuration, MistakeList mistakes)
    {
        var routed = configuration.Routes.SelectMany(route => route.Places).ToHashSet(StringComparer.Ordinal);
        for (var place = 0; place < configuration.Budgets.Count; place++)
        {
            var budget = configuration.Budgets[place];
            var unpriced = configuration.Accounts
                .Where(account => budget.For != SpendSubject.Account || budget.Name is null || budget.Name == account.Id)
                .SelectMany(account => account.Models
                    .Where(model => model.Price is null && (budget.For != SpendSubject.Model || budget.Name is null || budget.Name == model.Model))
                    .Select(model => $"{account.Id}/{model.Model}"))
                .Where(routed.Contains)
                .ToArray();
            if (budget.Limit.Cost < SpendAmount.Unbounded && unpriced.Length > 0)
            {
                mistakes.Add(
                    JsonPath.Member(JsonPath.Item(JsonPath.Member(JsonPath.Root, Name), place), "usd"),
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{budget.Limit.Cost / SpendAmount.NanoPerUsd} while {string.Join(", ", unpriced.Take(MostNamed))}{(unpriced.Length > MostNamed ? $" and {unpriced.Length - MostNamed} more" : "")} may be called and have no price"),
                    "write a price for each (0 where it costs nothing), or leave usd out");
            }
        }
    }

    private SpendCap? ReadOne(ObjectReader reader)
    {
        var (subject, period) = (Subject(reader), Period(reader));
        var (name, tenant) = (reader.Text("name"), reader.Text("tenant"));
        var limit = new SpendAmount(
            reader.Number("usd", LeastUsd, MostUsd) is { } usd ? (long)(usd * SpendAmount.NanoPerUsd) : SpendAmount.Unbounded,
            reader.Whole("tokens", 1, LimitsReader.MostAmount) ?? SpendAmount.Unbounded,
            reader.Whole("calls", 1, LimitsReader.MostAmount) ?? SpendAmount.Unbounded);
        var seconds = reader.Number("seconds", 0, LongestRunSeconds, aboveLeast: true);
        var kept = reader.Number("keepForClosing", 0, MostKept) ?? 0;
        var waits = reader.Number("waitForRaiseSeconds", 0, LongestRaiseSeconds) ?? 0;
        var isSoft = IsSoft(reader);
        var zone = Zone(reader);
        if (subject is not { } whose)
        {
            return null;
        }

        CheckTime(reader, whose);
        CheckNames(reader, whose, name, tenant);
        if (limit == new SpendAmount(SpendAmount.Unbounded, SpendAmount.Unbounded, SpendAmount.Unbounded) && seconds is null && !Has(reader, "usd", "tokens", "calls", "seconds"))
        {
            mistakes.Add(reader.Path, "a budget without an amount", whose == SpendSubject.Run ? "write usd, tokens, calls or seconds" : "write usd, tokens or calls");
        }

        if (isSoft && Has(reader, ForRuns))
        {
            mistakes.Add(reader.At("action"), "\"warn\" beside what only a budget that refuses has", $"leave out {string.Join(", ", ForRuns.Where(reader.Has))}, or write \"refuse\"");
        }

        return new SpendCap(whose, whose == SpendSubject.Run ? SpendPeriod.Run : period ?? SpendPeriod.Day, limit)
        {
            Name = name,
            Tenant = tenant,
            Zone = zone,
            IsSoft = isSoft,
            Longest = seconds is { } longest ? TimeSpan.FromSeconds((double)longest) : null,
            KeptForClosing = (double)kept,
            WaitsForRaise = TimeSpan.FromSeconds((double)waits),
        };
    }

    private void CheckTime(ObjectReader reader, SpendSubject subject)
    {
        if (subject == SpendSubject.Run)
        {
            foreach (var member in NotForRuns.Where(reader.Has))
            {
                mistakes.Add(reader.At(member), $"\"{member}\" for runs", "leave it out: a run's budget is for the whole run, whatever its name");
            }

            return;
        }

        if (!reader.Has("per"))
        {
            mistakes.Add(reader.At("per"), MistakeList.Nothing, $"write {Shapes.Budget["per"].Wanted}");
        }

        foreach (var member in ForRuns.Where(reader.Has))
        {
            mistakes.Add(reader.At(member), $"\"{member}\" for what is no run", "leave it out, or write \"for\": \"run\"");
        }
    }

    private void CheckNames(ObjectReader reader, SpendSubject subject, string? name, string? tenant)
    {
        if (tenant is not null && subject is SpendSubject.Tenant or SpendSubject.Account or SpendSubject.Model && reader.Has("tenant"))
        {
            mistakes.Add(reader.At("tenant"), MistakeList.Quote(tenant!), subject == SpendSubject.Tenant ? "write it as \"name\"" : "leave it out: what accounts and models may spend is everybody's");
        }
        else if (tenant is not null)
        {
            CheckKnown(reader, "tenant", tenant, "tenant", tenants.Select(known => known.Id));
        }

        IEnumerable<string>? all = subject switch
        {
            SpendSubject.Tenant => tenants.Select(known => known.Id),
            SpendSubject.Account => accounts.Select(known => known.Id),
            SpendSubject.Model => accounts.SelectMany(known => known.Models).Select(known => known.Model),
            _ => null,
        };
        if (name is not null && all is not null)
        {
            CheckKnown(reader, "name", name, subject.ToString().ToLowerInvariant(), all);
        }
    }

    private void CheckKnown(ObjectReader reader, string member, string name, string what, IEnumerable<string> known)
    {
        var all = known.ToList();
        if (!all.Contains(name) && !(what == "tenant" && all.Count == 0))
        {
            mistakes.Add(reader.At(member), $"{MistakeList.Quote(name)}: there is no such {what}", NearestName.Of(name, all) is { } nearest ? $"write \"{nearest}\"" : "leave it out, for each of them");
        }
    }

    private SpendSubject? Subject(ObjectReader reader) => Choice(reader, "for", required: true) switch
    {
        "tenant" => SpendSubject.Tenant,
        "user" => SpendSubject.User,
        "workflow" => SpendSubject.Workflow,
        "run" => SpendSubject.Run,
        "account" => SpendSubject.Account,
        "model" => SpendSubject.Model,
        null => null,
        var other => Wrong<SpendSubject>(reader, "for", other),
    };

    private SpendPeriod? Period(ObjectReader reader) => Choice(reader, "per") switch
    {
        "hour" => SpendPeriod.Hour,
        "day" => SpendPeriod.Day,
        "week" => SpendPeriod.Week,
        "month" => SpendPeriod.Month,
        null => null,
        var other => Wrong<SpendPeriod>(reader, "per", other),
    };

    private bool IsSoft(ObjectReader reader) => Choice(reader, "action") switch
    {
        "warn" => true,
        "refuse" or null => false,
        var other => Wrong<bool>(reader, "action", other) ?? false,
    };

    private TimeZoneInfo Zone(ObjectReader reader)
    {
        if (reader.Text("timeZone") is not { } text)
        {
            return TimeZoneInfo.Utc;
        }

        if (TimeZoneInfo.TryFindSystemTimeZoneById(text, out var zone))
        {
            return zone;
        }

        _ = Wrong<bool>(reader, "timeZone", text);
        return TimeZoneInfo.Utc;
    }

    private static string? Choice(ObjectReader reader, string member, bool required = false) => reader.Text(member, required);

    private T? Wrong<T>(ObjectReader reader, string member, string text)
        where T : struct
    {
        mistakes.Add(reader.At(member), MistakeList.Quote(text), $"write {Shapes.Budget[member].Wanted}");
        return null;
    }

    private static bool Has(ObjectReader reader, params string[] members) => members.Any(reader.Has);
}
