using System.Globalization;
using System.Text.Json;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Jobs;
using FuncLimiter.Gateway.Jobs.Running;
using Xunit.Abstractions;

namespace FuncLimiter.Gateway.Tests.Jobs;

/// <summary>
/// When a list is told to begin and to end, against when it does: a tenant's list within that tenant's limit, while another tenant's jobs end
/// ten times as fast. In virtual time.
/// </summary>
public sealed class JobEstimateTests(ITestOutputHelper output)
{
    private const int Calls = 90;
    private const int Slots = 8;
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Runs = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Rounding = TimeSpan.FromSeconds(2);

    [Theory]
    [InlineData(LimitAlgorithm.Bucket, 60)]
    [InlineData(LimitAlgorithm.Bucket, 10)]
    [InlineData(LimitAlgorithm.Sliding, 60)]
    public async Task Estimates_OfAListWithinItsTenantsLimit_HoldWithinAFifth(LimitAlgorithm algorithm, double burstSeconds)
    {
        var time = new VirtualTime();
        var limit = new Limit(Dimension.Requests, 30, TimeSpan.FromMinutes(1), algorithm) { BurstSeconds = algorithm == LimitAlgorithm.Bucket ? burstSeconds : null };
        using var limiter = new EmbeddedLimiter(
            new()
            {
                Accounts = [new("a", [])],
                Deployments = [new("a/m", "a", [new Limit(Dimension.Requests, 60_000, TimeSpan.FromMinutes(1), LimitAlgorithm.Bucket)])],
                Routes = [new("m", ["a/m"], [])],
                Tenants = [new("acme", 1, [limit], []), new("other", 1, [], [])],
            },
            time);
        var pace = new JobPace(time, limiter);
        var json = new JobJson(pace, time);
        pace.Expect(Ask("acme"));
        var start = time.GetUtcNow();
        var (told, begun) = (new List<(TimeSpan At, TimeSpan Start, TimeSpan End)>(), new List<TimeSpan>());
        var waiting = new List<Task<AdmissionResult>>();
        var running = new List<(TimeSpan Ends, Reservation Reservation)>();
        var (taken, ended, others) = (0, 0, 0);
        var ends = TimeSpan.Zero;
        while (ended < Calls)
        {
            var now = time.GetUtcNow() - start;
            Assert.InRange(now.TotalMinutes, 0, 10);
            for (; others < now.TotalSeconds * 5; others++)
            {
                pace.Ended("other");
            }

            foreach (var (_, reservation) in running.Where(call => call.Ends <= now).ToList())
            {
                limiter.Settle(reservation, new Settlement(Charge.None, Charge.None with { Requests = 1 }));
                pace.Ended("acme");
                (ended, ends) = (ended + 1, now);
            }

            running.RemoveAll(call => call.Ends <= now);
            while (taken < Calls && waiting.Count + running.Count < Slots)
            {
                waiting.Add(limiter.AdmitAsync(Ask("acme"), CancellationToken.None).AsTask());
                taken++;
            }

            foreach (var admitted in waiting.Where(call => call.IsCompleted).ToList())
            {
                running.Add((now + Runs, (await admitted).Reservation!));
                begun.Add(now);
                waiting.Remove(admitted);
            }

            // What stands in the store goes behind what is taken of it; the other tenant's job stands before it, and is done soon.
            if (taken < Calls)
            {
                var job = new JobSnapshot("job_1", "acme", true, start, null, new JobProgress(Calls, taken - ended, ended, 0, 0, 0), [])
                {
                    Place = new(500, 500 + Calls - taken - 1, null) { OwnAheadOfLast = Calls - taken - 1 },
                };
                using var document = JsonDocument.Parse(json.Write(job));
                var queue = document.RootElement.GetProperty("queue");
                if (queue.TryGetProperty("estimatedStartAt", out var first) && queue.TryGetProperty("estimatedEndAt", out var last))
                {
                    told.Add((now, first.GetDateTimeOffset() - start, last.GetDateTimeOffset() - start));
                }
            }

            time.Advance(Step);
        }

        var off = told.Select(one => (one.At, One: one.End - ends, Allowed: ((ends - one.At) * 0.2) + Rounding)).ToList();
        var worst = off.MaxBy(one => one.One.Duration() - one.Allowed);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"ended after {ends.TotalSeconds:0} s; told from {told[0].At.TotalSeconds:0.0} s on; at worst off by {worst.One.TotalSeconds:0.0} s at {worst.At.TotalSeconds:0.0} s"));
        Assert.InRange(told[0].At.TotalSeconds, 0, 5);
        Assert.True(worst.One.Duration() <= worst.Allowed, $"Off by {worst.One.TotalSeconds} s at {worst.At.TotalSeconds} s.");
    }

    private static AdmissionRequest Ask(string tenant) =>
        new("m", tenant, null, Priority.Standard, new Charge(1, 0, 0, 0, 1), [new Charge(1, 0, 0, 0, 1)]) { MaxWait = TimeSpan.FromMinutes(10) };
}
