using System.Globalization;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Spending;
using FuncLimiter.Gateway.Calls.Headers;
using FuncLimiter.Gateway.Calls.Spending;

namespace FuncLimiter.Gateway.Operations.Alerts;

/// <summary>Says which budgets that only warn are used up, until their period ends or somebody gives them more.</summary>
internal sealed class SpendAlerts(SpendDesk desk)
{
    private const int MostShown = 200;

    private readonly Dictionary<string, Alert> _standing = new(StringComparer.Ordinal);

    /// <summary>The alerts that stand.</summary>
    public IReadOnlyList<Alert> Standing { get; private set; } = [];

    /// <summary>Looks at the budgets; tells what changed.</summary>
    public IReadOnlyList<(AlertChange Change, Alert Alert)> Step(Instant now)
    {
        var changes = new List<(AlertChange, Alert)>();
        var reached = desk.ReachedSoft(MostShown);
        foreach (var budget in reached)
        {
            var isNew = !_standing.TryGetValue(budget.Name, out var before);
            var alert = AlertOf(budget, isNew ? now : before!.Since);
            _standing[budget.Name] = alert;
            if (isNew)
            {
                changes.Add((AlertChange.Raised, alert));
            }
        }

        var names = reached.Select(static budget => budget.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var over in _standing.Keys.Where(name => !names.Contains(name)).ToArray())
        {
            changes.Add((AlertChange.Ended, _standing[over] with { Level = AlertLevel.Normal }));
            _standing.Remove(over);
        }

        Standing = [.. _standing.Values.OrderByDescending(static alert => alert.Use)];
        return changes;
    }

    private static Alert AlertOf(SpendReport budget, Instant since)
    {
        var dimension = budget.Spent.ReachesFirst(budget.Limit);
        var (spent, limit, unit) = dimension switch
        {
            Dimension.Cost => (budget.Spent.Cost / SpendAmount.NanoPerUsd, budget.Limit.Cost / SpendAmount.NanoPerUsd, "USD"),
            Dimension.Tokens => (budget.Spent.Tokens, budget.Limit.Tokens, "tokens"),
            _ => (budget.Spent.Calls, (decimal)budget.Limit.Calls, "calls"),
        };
        var until = budget.EndsAt is { } end ? string.Create(CultureInfo.InvariantCulture, $", until {end:u}") : "";
        return new(
            budget.Name, dimension, budget.PeriodSeconds, AlertLevel.Warn, budget.Use, since,
            string.Create(CultureInfo.InvariantCulture, $"{spent:0.####} {unit} of {limit:0.####} are spent"),
            [$"warns, and lets calls through{until}"])
        { Kind = AlertKind.Budget };
    }
}
