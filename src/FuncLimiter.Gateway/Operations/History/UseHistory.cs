using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Gateway.Operations.History;

/// <summary>The last hour of every budget. Not thread-safe: who adds and who reads take turns.</summary>
internal sealed class UseHistory
{
    private const int MostBudgets = 30_000;

    private readonly Dictionary<string, BudgetTrack> _budgets = new(StringComparer.Ordinal);
    private long _round;

    /// <summary>The budgets, in the order in which they were first seen.</summary>
    public IReadOnlyCollection<BudgetTrack> Budgets => _budgets.Values;

    /// <summary>When the last reading was taken.</summary>
    public Instant At { get; private set; }

    /// <summary>A budget by its name, or null.</summary>
    public BudgetTrack? Find(string name) => _budgets.GetValueOrDefault(name);

    /// <summary>Takes a report in. What is in it no more is forgotten: users come and go.</summary>
    public void Add(LimiterReport report)
    {
        At = report.At;
        _round++;
        foreach (var budget in report.Budgets)
        {
            if (!_budgets.TryGetValue(budget.Name, out var track))
            {
                if (_budgets.Count >= MostBudgets)
                {
                    continue;
                }

                _budgets.Add(budget.Name, track = new BudgetTrack(budget));
            }

            track.Add(budget, report.At);
            track.Round = _round;
        }

        if (_budgets.Count > report.Budgets.Count)
        {
            foreach (var gone in _budgets.Where(entry => entry.Value.Round < _round).Select(static entry => entry.Key).ToArray())
            {
                _budgets.Remove(gone);
            }
        }
    }
}
