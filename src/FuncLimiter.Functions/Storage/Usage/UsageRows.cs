using System.Globalization;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Operations.Usage;

namespace FuncLimiter.Functions.Storage.Usage;

/// <summary>
/// One sum of the usage ledger as a row: in a partition for each day and tenant, hours before days apart by their keys' first letter. Each
/// process has rows of its own, so that writing one again does nothing twice and no two processes write the same.
/// </summary>
internal static class UsageRows
{
    /// <summary>The partition that lists the partitions which hold hours.</summary>
    public const string Hours = "hours";

    /// <summary>The partition that lists the partitions which hold days.</summary>
    public const string Days = "days";

    /// <summary>Before this key stand the rows of hours.</summary>
    public const string EndOfHours = "i";

    private const decimal PicoPerUsd = 1_000_000_000_000m;

    /// <summary>What one column holds: of one key within one day. More is nobody's bill.</summary>
    private const decimal MostUsd = 9_000_000m;

    /// <summary>A day as the beginning of partitions' names.</summary>
    public static string Day(DateTimeOffset at) => at.UtcDateTime.ToString("yyyyMMdd", CultureInfo.InvariantCulture);

    /// <summary>The partition of a day and a tenant. Tenants' ids may hold letters that keys of rows may not.</summary>
    public static string Partition(DateTimeOffset at, string tenant) => $"{Day(at)}-{Uri.EscapeDataString(tenant).Replace('%', '=')}";

    /// <summary>The list that names the partitions of a grain.</summary>
    public static string List(UsageGrain grain) => grain == UsageGrain.Hour ? Hours : Days;

    /// <summary>The first key, and the key after the last, of a day's rows that a question takes.</summary>
    public static (string From, string Before) Keys(UsageQuery query, DateTimeOffset day) => query.Grain == UsageGrain.Day
        ? ("d", "e")
        : (query.From > day ? Hour(query.From) : "h", query.Until < day.AddDays(1) ? Hour(query.Until) : EndOfHours);

    /// <summary>A sum as a row.</summary>
    public static Row Of(UsageGrain grain, UsageCell cell, string process)
    {
        var (key, totals) = (cell.Key, cell.Totals);
        var span = grain == UsageGrain.Hour ? Hour(cell.From) : "d";
        return new Row(Partition(cell.From, key.Tenant), $"{span}-{Convert.ToHexStringLower(key.Hash())}-{process}")
        {
            Values =
            {
                ["At"] = cell.From,
                ["Tenant"] = key.Tenant,
                ["User"] = key.User,
                ["Workflow"] = key.Workflow,
                ["Step"] = key.Step,
                ["Run"] = key.Run,
                ["Route"] = key.Route,
                ["Deployment"] = key.Deployment,
                ["Tier"] = key.Tier,
                ["Priority"] = key.Priority.ToString(),
                ["IsBatch"] = key.IsBatch,
                ["Calls"] = totals.Calls,
                ["Answered"] = totals.Answered,
                ["Refused"] = totals.Refused,
                ["Failed"] = totals.Failed,
                ["Abandoned"] = totals.Abandoned,
                ["Postponed"] = totals.Postponed,
                ["Attempts"] = totals.Attempts,
                ["InputTokens"] = totals.InputTokens,
                ["CachedTokens"] = totals.CachedTokens,
                ["CacheWriteTokens"] = totals.CacheWriteTokens,
                ["OutputTokens"] = totals.OutputTokens,
                ["InputCostPicoUsd"] = Pico(totals.InputCostUsd),
                ["CostPicoUsd"] = Pico(totals.CostUsd),
                ["Unpriced"] = totals.Unpriced,
                ["WaitedMs"] = totals.WaitedMs,
                ["DurationMs"] = totals.DurationMs,
            },
        };
    }

    /// <summary>A row as a sum.</summary>
    public static UsageCell Read(Row row)
    {
        string Text(string name) => row.Text(name) ?? string.Empty;
        var key = new UsageKey(
            Text("Tenant"), Text("User"), Text("Workflow"), Text("Step"), Text("Run"), Text("Route"), Text("Deployment"), Text("Tier"),
            Enum.TryParse(row.Text("Priority"), out Priority priority) ? priority : Priority.Standard, row.IsTrue("IsBatch"));
        return new UsageCell(row.Time("At") ?? default, key, new UsageTotals
        {
            Calls = row.Number("Calls"),
            Answered = row.Number("Answered"),
            Refused = row.Number("Refused"),
            Failed = row.Number("Failed"),
            Abandoned = row.Number("Abandoned"),
            Postponed = row.Number("Postponed"),
            Attempts = row.Number("Attempts"),
            InputTokens = row.Number("InputTokens"),
            CachedTokens = row.Number("CachedTokens"),
            CacheWriteTokens = row.Number("CacheWriteTokens"),
            OutputTokens = row.Number("OutputTokens"),
            InputCostUsd = row.Number("InputCostPicoUsd") / PicoPerUsd,
            CostUsd = row.Number("CostPicoUsd") / PicoPerUsd,
            Unpriced = row.Number("Unpriced"),
            WaitedMs = row.Number("WaitedMs"),
            DurationMs = row.Number("DurationMs"),
        });
    }

    private static long Pico(decimal usd) => (long)(Math.Min(usd, MostUsd) * PicoPerUsd);

    private static string Hour(DateTimeOffset at) => at.UtcDateTime.ToString("'h'HH", CultureInfo.InvariantCulture);
}
