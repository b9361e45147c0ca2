using FuncLimiter.Simulation.Providers.Hosting;

namespace FuncLimiter.Simulation.Providers.Faults;

/// <summary>The rules in force, and which of them strikes a call. Times in seconds since the double's start.</summary>
internal sealed class FaultSchedule(ulong seed)
{
    /// <summary>How many rules are kept; the oldest go first.</summary>
    private const int MostRules = 1000;
    private readonly List<ActiveRule> _rules = [];
    private readonly List<LimitChange> _changes = [];
    private readonly Random _chance = new((int)(seed % int.MaxValue));

    public void Add(FaultRule rule, double now)
    {
        var from = now + rule.After.TotalSeconds;
        var until = rule.For is { } span ? from + span.TotalSeconds : double.PositiveInfinity;
        if (rule.Kind == FaultKind.LimitChange)
        {
            _changes.Add(new LimitChange(from, rule.Deployment, rule.Dimension, rule.Value ?? 1));
            if (!double.IsInfinity(until))
            {
                _changes.Add(new LimitChange(until, rule.Deployment, rule.Dimension, null));
            }

            _changes.Sort((left, right) => left.At.CompareTo(right.At));
            return;
        }

        _rules.Add(new ActiveRule(rule, from, until));
        if (_rules.Count > MostRules)
        {
            _rules.RemoveAt(0);
        }
    }

    public void Clear()
    {
        _rules.Clear();
        _changes.Clear();
    }

    /// <summary>What strikes a call, if anything: the first rule that applies.</summary>
    public Fault? Next(string deployment, double now)
    {
        foreach (var active in _rules)
        {
            if (active.Strikes(deployment, now, _chance))
            {
                return new Fault(active.Rule.Kind, active.Rule.Value);
            }
        }

        return null;
    }

    /// <summary>Makes the changes of limits that are due, in the order of their times.</summary>
    public void ChangeLimits(IReadOnlyCollection<DoubleDeployment> deployments, double now)
    {
        while (_changes.Count > 0 && _changes[0] is var change && change.At <= now)
        {
            _changes.RemoveAt(0);
            foreach (var deployment in deployments.Where(each => (change.Deployment ?? each.Options.ReportName) == each.Options.ReportName))
            {
                var configured = deployment.Options.Limits.FirstOrDefault(limit => limit.Dimension == change.Dimension)?.Amount;
                if ((change.Amount ?? configured) is { } amount)
                {
                    deployment.Limits.Change(change.Dimension, amount, change.At);
                }
            }
        }
    }

    /// <param name="At">When.</param>
    /// <param name="Deployment">Whose, or null for all.</param>
    /// <param name="Dimension">Which limit.</param>
    /// <param name="Amount">The new amount; null goes back to the one configured.</param>
    internal readonly record struct LimitChange(double At, string? Deployment, LimitDimension Dimension, double? Amount);

    private sealed class ActiveRule(FaultRule rule, double from, double until)
    {
        private long _seen;
        private long _struck;

        public FaultRule Rule => rule;

        public bool Strikes(string deployment, double now, Random chance)
        {
            if (now < from || now >= until || _struck >= (rule.Count ?? long.MaxValue)
                || (rule.Deployment is not null && rule.Deployment != deployment))
            {
                return false;
            }

            var strikes = ++_seen % Math.Max(1, rule.Every) == 0 && (rule.Chance >= 1 || chance.NextDouble() < rule.Chance);
            _struck += strikes ? 1 : 0;
            return strikes;
        }
    }
}
