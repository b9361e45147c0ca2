using System.Globalization;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Calls.Headers;
using FuncLimiter.Gateway.Operations.Alerts.Causes;

namespace FuncLimiter.Gateway.Operations.Alerts.Mitigation;

/// <summary>
/// What the limiter does by itself: while a budget is nearly used up, background work leaves a part of it to others and the heaviest users
/// are capped; whoever runs away is capped wherever others wait. Each step can be seen, and is undone when its reason has gone.
/// </summary>
internal sealed class Mitigator(ControlDesk desk, ConsumerLedger ledger, AlertPolicy policy)
{
    private const int MostCaps = 100;
    private const int MostCapsForOne = 5;
    private const double PartOfForeground = 0.1;
    private const double LeastShare = 0.001;
    private const double CalmBelow = 1.2;
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LeastCap = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan LongestCap = TimeSpan.FromMinutes(10);

    private readonly List<Cap> _caps = [];
    private readonly Dictionary<string, double> _held = new(StringComparer.Ordinal);

    /// <summary>The caps in force.</summary>
    public IReadOnlyList<Cap> Caps => _caps;

    /// <summary>What is being done for a budget, in words.</summary>
    public IReadOnlyList<string> StepsFor(string budget)
    {
        var steps = new List<string>();
        if (_held.TryGetValue(budget, out var share))
        {
            steps.Add(string.Create(CultureInfo.InvariantCulture, $"background leaves {100 * share:0.#} % of it to others"));
        }

        steps.AddRange(_caps.Where(cap => cap.Budget == budget)
            .Select(cap => string.Create(CultureInfo.InvariantCulture, $"{cap.User} of {cap.Tenant} is capped at {cap.TokensPerMinute:N0} tokens a minute")));
        return steps;
    }

    /// <summary>Begins, goes on with and ends steps.</summary>
    /// <param name="acting">The budgets that are nearly used up, and since when.</param>
    /// <param name="contended">The deployments for which others wait, or that fill up.</param>
    /// <param name="foreground">The part of a budget's use that is not background's, 0 to 1.</param>
    public void Step(
        IReadOnlyDictionary<string, Instant> acting, IEnumerable<string> contended, Func<string, double> foreground, Instant now)
    {
        Lift(acting, now);
        foreach (var (budget, since) in acting)
        {
            Hold(budget, foreground(budget));
            if (now - since >= Settling)
            {
                CapAll(Offenders.Heaviest(ledger.Appetites, budget, now), budget, isRunaway: false, now);
            }
        }

        foreach (var deployment in contended)
        {
            var budget = $"deployment:{deployment}";
            CapAll(Offenders.Runaways(ledger.Appetites, budget, now), budget, isRunaway: true, now);
        }
    }

    private void Hold(string budget, double foreground)
    {
        // Holds back as much as the other classes need now: more would stand idle.
        var share = Math.Round(Math.Min(1 - policy.ActAt, foreground * PartOfForeground), 3);
        if (!_held.ContainsKey(budget) && share >= LeastShare && desk.Change((controls, now) => controls.HoldBackground(budget, share, now)))
        {
            _held.Add(budget, share);
        }
    }

    private void CapAll(List<Offender> offenders, string budget, bool isRunaway, Instant now)
    {
        foreach (var (consumer, tokensPerSecond) in offenders)
        {
            var user = consumer.Kind == ConsumerKind.Run ? ConsumerLedger.RunPrefix + consumer.Name : consumer.Name;
            if (_caps.Count >= MostCaps || _caps.Count(cap => cap.Budget == budget) >= MostCapsForOne
                || _caps.Exists(cap => cap.Tenant == consumer.Tenant && cap.User == user))
            {
                continue;
            }

            var tokens = Math.Max(1, (long)(tokensPerSecond * 60));
            if (desk.Change((controls, at) => controls.Cap(consumer.Tenant, user, tokens, at)))
            {
                _caps.Add(new Cap(consumer.Tenant, user, budget, tokens, now, isRunaway));
                TellRuns();
            }
        }
    }

    private void Lift(IReadOnlyDictionary<string, Instant> acting, Instant now)
    {
        foreach (var budget in _held.Keys.Where(budget => !acting.ContainsKey(budget)).ToArray())
        {
            desk.Change((controls, at) => controls.HoldBackground(budget, 0, at));
            _held.Remove(budget);
        }

        if (_caps.RemoveAll(cap => IsOver(cap, acting, now) && (desk.Change((controls, at) => controls.Cap(cap.Tenant, cap.User, null, at)) || true)) > 0)
        {
            TellRuns();
        }
    }

    private bool IsOver(Cap cap, IReadOnlyDictionary<string, Instant> acting, Instant now)
    {
        if (now - cap.Since < LeastCap)
        {
            return false;
        }

        return now - cap.Since >= LongestCap || (cap.IsRunaway ? AskingOf(cap, now) * 60 < cap.TokensPerMinute * CalmBelow : !acting.ContainsKey(cap.Budget));
    }

    private double AskingOf(Cap cap, Instant now)
    {
        var scope = ledger.Appetites.ScopeOf(cap.Budget);
        var isRun = cap.User.StartsWith(ConsumerLedger.RunPrefix, StringComparison.Ordinal);
        var name = isRun ? cap.User[ConsumerLedger.RunPrefix.Length..] : cap.User;
        return ledger.Appetites.Read(
            consumer => consumer.Tenant == cap.Tenant && consumer.Name == name && consumer.Kind == (isRun ? ConsumerKind.Run : ConsumerKind.User) && scope.Has(consumer),
            appetite => appetite.Asking(now)).Sum(static entry => entry.Value);
    }

    private void TellRuns() => ledger.CapRuns(_caps
        .Where(static cap => cap.User.StartsWith(ConsumerLedger.RunPrefix, StringComparison.Ordinal))
        .Select(static cap => (cap.Tenant, cap.User[ConsumerLedger.RunPrefix.Length..])));
}

/// <summary>A user, or a run without one, that may take only so much for now.</summary>
/// <param name="Tenant">Its tenant.</param>
/// <param name="User">The name under which it is capped.</param>
/// <param name="Budget">The budget for whose sake.</param>
/// <param name="TokensPerMinute">How much.</param>
/// <param name="Since">Since when.</param>
/// <param name="IsRunaway">Whether for taking many times its usual, and not for being the heaviest under pressure.</param>
internal sealed record Cap(string Tenant, string User, string Budget, long TokensPerMinute, Instant Since, bool IsRunaway);

/// <summary>Who takes too much, and what it may take.</summary>
/// <param name="Consumer">The user or the run.</param>
/// <param name="TokensPerSecond">What it may take.</param>
internal readonly record struct Offender(Consumer Consumer, double TokensPerSecond);

/// <summary>Finds users and runs that take so much that others suffer.</summary>
internal static class Offenders
{
    private const double RunawayTimes = 8;
    private const double RunawayPart = 0.1;
    private const double LeastOfOthers = 1;
    private const double HeavyTimes = 4;
    private const double HeavyPart = 0.2;
    private const double Allowed = 2;
    private const int LeastPeers = 4;
    private static readonly TimeSpan Established = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Those who ask for many times what is usual: of them where they are long known, else of their peers. Who is alone is in nobody's way.
    /// </summary>
    public static List<Offender> Runaways(Appetites appetites, string budget, Instant now)
    {
        var consumers = Consumers(appetites, budget, now);
        var total = consumers.Sum(static one => one.Asking);
        var found = new List<Offender>();
        foreach (var one in consumers)
        {
            var usual = now - one.Since >= Established ? one.Usual : Math.Max(UsualOfPeers(consumers, one), KnownUsual(one, now));
            if (usual > 0 && one.Rush >= usual * RunawayTimes && one.Asking >= total * RunawayPart && total - one.Asking >= LeastOfOthers)
            {
                found.Add(new(one.Consumer, usual * Allowed));
            }
        }

        return found;
    }

    /// <summary>Those who take a large part while many share the rest, for when a budget is nearly used up.</summary>
    public static List<Offender> Heaviest(Appetites appetites, string budget, Instant now)
    {
        var consumers = Consumers(appetites, budget, now).Where(static one => one.Consumer.Kind == ConsumerKind.User).ToList();
        var total = consumers.Sum(static one => one.Taking);
        var found = new List<Offender>();
        foreach (var one in consumers.Where(one => one.Taking >= total * HeavyPart && one.Taking > 0))
        {
            var peers = consumers.Where(peer => peer.Consumer != one.Consumer && peer.Taking > 0).ToArray();
            var mean = peers.Length < LeastPeers ? 0 : peers.Average(static peer => peer.Taking);
            if (mean > 0 && one.Taking >= mean * HeavyTimes)
            {
                found.Add(new(one.Consumer, Math.Max(mean * Allowed, one.Taking / 2)));
            }
        }

        return found;
    }

    private static List<Standing> Consumers(Appetites appetites, string budget, Instant now)
    {
        var scope = appetites.ScopeOf(budget);
        var read = appetites.Read(
            consumer => consumer.Kind is ConsumerKind.User or ConsumerKind.Run && scope.Has(consumer),
            appetite => (Asking: appetite.Asking(now), Rush: appetite.Rush(now), Taking: appetite.Taking(now), appetite.Usual, appetite.Since));
        return [.. read.Select(static entry => new Standing(entry.Consumer, entry.Value.Asking, entry.Value.Rush, entry.Value.Taking, entry.Value.Usual, entry.Value.Since))];
    }

    // What a consumer usually asks for is known after a third of a minute; before, it counts as nothing.
    private static double KnownUsual(Standing one, Instant now) => now - one.Since >= TimeSpan.FromSeconds(20) ? one.Usual : 0;

    private static double UsualOfPeers(List<Standing> consumers, Standing one)
    {
        var (sum, count) = (0.0, 0);
        foreach (var peer in consumers)
        {
            if (peer.Consumer != one.Consumer && peer.Usual > 0)
            {
                sum += peer.Usual;
                count++;
            }
        }

        return count < LeastPeers ? 0 : sum / count;
    }

    private sealed record Standing(Consumer Consumer, double Asking, double Rush, double Taking, double Usual, Instant Since);
}
