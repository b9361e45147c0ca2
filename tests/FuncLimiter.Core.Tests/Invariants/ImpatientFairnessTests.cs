using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Tests.Invariants;

/// <summary>Weights and classes hold while many are refused, whether those come back when told or never.</summary>
public class ImpatientFairnessTests
{
    private const double PerSecond = 1;
    private static readonly Instant Start = Instant.From(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    [Theory]
    [InlineData(600, false)]
    [InlineData(600, true)]
    [InlineData(60, false)]
    [InlineData(60, true)]
    public void Tenants_OfWeightsThreeAndOne_AreServedSo(int patience, bool returns)
    {
        var served = Run(patience, returns, _ => Priority.Standard);

        Assert.InRange((double)served["heavy"] / served["light"], 2.6, 3.4);
        Assert.InRange(served.Values.Sum(), 0.97 * PerSecond * Length.TotalSeconds, double.MaxValue);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Classes_WhenTheHigherNeedsMostOfIt_GetTheirsFirst(bool returns)
    {
        var served = Run(60, returns, tenant => tenant == "heavy" ? Priority.Interactive : Priority.Background);

        // A floor of 5 % is the lower class's own.
        Assert.InRange(served["light"], 0.03 * PerSecond * Length.TotalSeconds, 0.1 * PerSecond * Length.TotalSeconds);
    }

    private static readonly TimeSpan Length = TimeSpan.FromHours(3);

    // Each tenant asks for 1.7 times everything, evenly.
    private static Dictionary<string, int> Run(int patience, bool returns, Func<string, Priority> priority)
    {
        var limit = new Limit(Dimension.Requests, (long)(60 * PerSecond), TimeSpan.FromMinutes(1), LimitAlgorithm.Bucket) { BurstSeconds = 6 };
        var wait = TimeSpan.FromSeconds(patience);
        var limiter = new Limiter(new LimiterSpec
        {
            Accounts = [new("a", [])],
            Deployments = [new("a/m", "a", [limit])],
            Routes = [new("m", ["a/m"], [])],
            Tenants = [new("heavy", 3, [], []), new("light", 1, [], [])],
            Queue = new() { MaxWait = [wait, wait, wait] },
        });
        var served = new Dictionary<string, int> { ["heavy"] = 0, ["light"] = 0 };
        var due = new PriorityQueue<(string Tenant, int Tries, long Caller), long>();
        var random = new Random(5);
        var caller = 0;
        foreach (var tenant in served.Keys)
        {
            for (var at = 0.0; at < Length.TotalSeconds; at += -Math.Log(1 - random.NextDouble()) / (1.7 * PerSecond))
            {
                due.Enqueue((tenant, 0, ++caller), (Start + TimeSpan.FromSeconds(at)).Ticks);
            }
        }

        var end = Start + Length;
        while (due.TryPeek(out var next, out var ticks) && Math.Min(ticks, limiter.NextWake.Ticks) < end.Ticks)
        {
            var now = new Instant(Math.Min(ticks, limiter.NextWake.Ticks));
            if (now.Ticks == ticks)
            {
                due.Dequeue();
                var charge = new Charge(1, 0, 0, 0, 0);
                var call = new Call { Route = "m", Tenant = next.Tenant, Priority = priority(next.Tenant), Provider = [charge], Consumer = charge, Caller = next.Caller, Tag = next };
                limiter.Submit(call, now);
                Finish(call);
            }

            limiter.Advance(now);
            while (limiter.TryTakeReleased(out var call))
            {
                Finish(call);
            }

            void Finish(Call call)
            {
                if (call.State == CallState.Admitted)
                {
                    served[call.Tenant]++;
                    limiter.Settle(call.Reservation, new(new(1, 0, 0, 0, 0), new(1, 0, 0, 0, 0)), now);
                }

                var asked = ((string Tenant, int Tries, long Caller))call.Tag!;
                if (call.State == CallState.Refused && returns && asked.Tries < 2 && call.Refusal!.RetryAt.IsKnown)
                {
                    due.Enqueue((asked.Tenant, asked.Tries + 1, asked.Caller), call.Refusal.RetryAt.Ticks);
                }
            }
        }

        return served;
    }
}
