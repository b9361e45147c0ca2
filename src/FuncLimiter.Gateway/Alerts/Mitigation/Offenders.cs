using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Alerts.Causes;

namespace FuncLimiter.Gateway.Alerts.Mitigation;

/// <summary>Finds users and runs that take so much that others suffer.</summary>
internal static class Offenders
{
    private const double RunawayTimes = 8;
    private const double RunawayPart = 0.1;
    private const double HeavyTimes = 4;
    private const double HeavyPart = 0.2;
    private const double Allowed = 2;
    private const int LeastPeers = 4;
    private static readonly TimeSpan Established = TimeSpan.FromMinutes(5);

    /// <summary>Those who ask for many times what is usual: of them where they are long known, else of their peers.</summary>
    public static List<Offender> Runaways(Appetites appetites, string budget, Instant now)
    {
        var consumers = Consumers(appetites, budget, now);
        var total = consumers.Sum(static one => one.Asking);
        var found = new List<Offender>();
        foreach (var one in consumers)
        {
            var usual = now - one.Since >= Established ? one.Usual : Math.Max(UsualOfPeers(consumers, one), KnownUsual(one, now));
            if (usual > 0 && one.Rush >= usual * RunawayTimes && one.Asking >= total * RunawayPart)
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

    // What it asked for before, while it is too young for that to be called usual: a third of a minute at least.
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
