using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Calls.Headers;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Configuration.Reading;

namespace FuncLimiter.Gateway.Operations.Limits;

/// <summary>
/// Says where limits are not what they were taken for: what a person wrote, what the provider's API tells and what its answers report differ;
/// where a source tells nothing; or where several budgets were found to share one, or may. One alert a budget, which names both values.
/// </summary>
internal sealed class LimitAlerts(GatewayConfiguration configuration, LimitBoard board)
{
    private const double Lowered = 0.9;
    private const double Whole = 0.95;
    private readonly IReadOnlyList<KinSpec> _kin = LimiterSpecs.From(configuration, isDurable: false).Kin;
    private readonly Dictionary<string, Alert> _standing = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _accounts = configuration.Accounts
        .Where(static account => account.LimitSource is not null)
        .SelectMany(static account => account.Models.Select(model => (Budget: $"deployment:{account.Id}/{model.Model}", account.Id)))
        .ToDictionary(static pair => pair.Budget, static pair => pair.Id, StringComparer.Ordinal);

    /// <summary>The alerts that stand.</summary>
    public IReadOnlyList<Alert> Standing { get; private set; } = [];

    /// <summary>Looks at a report; tells what changed.</summary>
    public IReadOnlyList<(AlertChange Change, Alert Alert)> Step(LimiterReport report)
    {
        var changes = new List<(AlertChange, Alert)>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var shared = report.Budgets.SelectMany(static budget => budget.Found?.Budgets ?? []).ToHashSet(StringComparer.Ordinal);
        var lowered = report.Budgets.Where(budget => IsLowered(budget) && !shared.Contains(budget.Name)).Select(static budget => budget.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var budget in report.Budgets.Where(static budget => IsProviders(budget.Name)))
        {
            if ((Find(budget) ?? Guess(budget, lowered)) is not { } found)
            {
                continue;
            }

            seen.Add(budget.Name);
            var isNew = !_standing.TryGetValue(budget.Name, out var before) || before.Cause != found.Cause;
            var alert = new Alert(
                budget.Name, found.Meter.Dimension, found.Meter.WindowSeconds, AlertLevel.Warn, budget.Utilization,
                isNew ? report.At : before!.Since, found.Cause, found.Steps)
            { Kind = AlertKind.Limit };
            _standing[budget.Name] = alert;
            if (isNew)
            {
                changes.Add((AlertChange.Raised, alert));
            }
        }

        foreach (var over in _standing.Keys.Where(name => !seen.Contains(name)).ToArray())
        {
            changes.Add((AlertChange.Ended, _standing[over] with { Level = AlertLevel.Normal }));
            _standing.Remove(over);
        }

        Standing = [.. _standing.Values.OrderBy(static alert => alert.Budget, StringComparer.Ordinal)];
        return changes;
    }

    /// <summary>Whether two of a limit's values differ, in words; null where none do.</summary>
    public static string? Drift(MeterReport meter)
    {
        var name = $"{DimensionName.Of(meter.Dimension)} in {meter.WindowSeconds:0} s";
        return (meter.Read, meter.Reported) switch
        {
            ({ } read, _) when !meter.IsOpen && read < meter.Configured => FormattableString.Invariant($"{name}: {meter.Configured} written, {read} told by the provider's API"),
            ({ } read, { } reported) when read != Limit.Unbounded && reported != read => FormattableString.Invariant($"{name}: {read} told by the provider's API, {reported} reported by its answers"),
            (null, { } reported) when !meter.IsOpen && reported < meter.Configured => FormattableString.Invariant($"{name}: {meter.Configured} written, {reported} reported by the provider's answers"),
            _ => null,
        };
    }

    /// <summary>What a person writes into the configuration where budgets were found to share a limit.</summary>
    public static string ToWrite(BudgetReport shared)
    {
        var limits = shared.Meters
            .Select(static meter => (Name: LimitsReader.NameOf(meter.Dimension, TimeSpan.FromSeconds(meter.WindowSeconds)), meter.Effective))
            .Where(static limit => limit.Name is not null)
            .Select(static limit => FormattableString.Invariant($"\"{limit.Name}\": {Math.Round(limit.Effective)}"));
        return $"\"sharedLimits\": [{{ \"id\": \"shared\", \"limits\": {{ {string.Join(", ", limits)} }} }}], and \"sharedLimits\": [\"shared\"] at {string.Join(" and ", shared.Found!.Budgets)}";
    }

    private (MeterReport Meter, string Cause, IReadOnlyList<string> Steps)? Find(BudgetReport budget)
    {
        if (budget.Found is { } found)
        {
            return (budget.Meters[0], FormattableString.Invariant($"{string.Join(" and ", found.Budgets)} share one limit at their provider, as {found.Answers} answers say"),
                ["what they take together stays within it", $"write {ToWrite(budget)}"]);
        }

        var drifts = budget.Meters.Select(static meter => (Meter: meter, Said: Drift(meter))).Where(static drift => drift.Said is not null).ToArray();
        if (drifts.Length > 0)
        {
            return (drifts[0].Meter, string.Join("; ", drifts.Select(static drift => drift.Said)),
                [.. drifts.Select(static drift => FormattableString.Invariant($"goes by {Math.Round(drift.Meter.Effective)}"))]);
        }

        if (!_accounts.TryGetValue(budget.Name, out var account) || board.Of(account) is not { } source || budget.Meters.Count == 0)
        {
            return null;
        }

        var model = budget.Name[(budget.Name.IndexOf('/', StringComparison.Ordinal) + 1)..];
        return source.Fault is { } fault
            ? (budget.Meters[0], $"{source.Name} can't be read: {fault}", source.ReadAt is { } at ? [FormattableString.Invariant($"goes by what was read at {at:u}")] : ["goes by what was written and what answers report"])
            : source.Withdrawn.FirstOrDefault(gone => gone.Budget == budget.Name) is { Limit: var gone }
                ? (budget.Meters[0], FormattableString.Invariant($"{DimensionName.Of(gone.Dimension)} in {gone.Window.TotalSeconds:0} s: {source.Name} tells it no more"),
                    [FormattableString.Invariant($"goes by the {gone.Amount} written, and by what answers report")])
            : source.Missing.Contains(model)
                ? (budget.Meters[0], $"{source.Name} tells nothing of {model}", ["goes by what was written and what answers report"])
                : null;
    }

    // What other keys take of the same limit shows in refusals that a budget's own use does not explain.
    private (MeterReport Meter, string Cause, IReadOnlyList<string> Steps)? Guess(BudgetReport budget, HashSet<string> lowered)
    {
        var sharers = _kin.Where(kin => kin.Budgets.Contains(budget.Name)).SelectMany(static kin => kin.Budgets).Where(lowered.Contains).Distinct().ToArray();
        if (sharers.Length < 2 || !lowered.Contains(budget.Name) || budget.Meters.Count == 0)
        {
            return null;
        }

        var asWritten = budget with
        {
            Meters = [.. budget.Meters.Select(static meter => meter with { Effective = meter.Configured })],
            Found = new(sharers, Instant.Distant, 0),
        };
        return (budget.Meters[0], $"{string.Join(" and ", sharers)} are refused more than their own limits explain; they may share one",
            ["goes by less than its limits", $"if their keys are of one organization, project or region, write {ToWrite(asWritten)}"]);
    }

    private bool IsLowered(BudgetReport budget) => budget.Learned is { } learned && learned.Factor < (_standing.ContainsKey(budget.Name) ? Whole : Lowered);

    private static bool IsProviders(string budget) =>
        !budget.StartsWith("tenant:", StringComparison.Ordinal) && !budget.StartsWith("user:", StringComparison.Ordinal);
}
