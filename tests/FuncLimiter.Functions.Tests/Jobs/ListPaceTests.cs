using System.Globalization;
using FuncLimiter.Core.Leasing;
using FuncLimiter.Functions.Tests.Harness;
using FuncLimiter.Functions.Tests.Leasing;
using FuncLimiter.Functions.Tests.World;
using FuncLimiter.Gateway.Jobs;
using Xunit.Abstractions;

namespace FuncLimiter.Functions.Tests.Jobs;

/// <summary>Lists of calls through the app's own limiter and leases, in virtual time.</summary>
public sealed class ListPaceTests(ITestOutputHelper output)
{
    private const string TenCallsASecond = """
        {
          "accounts": [{ "id": "one", "provider": "openai", "apiKey": "${KEY}",
            "models": [{ "model": "gpt-x", "limits": { "rpm": 600, "burstSeconds": 1 } }] }],
          "tenants": [{ "id": "acme", "keys": ["sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"], "webhookSecret": "${KEY}" }]
        }
        """;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void List_BegunWithoutLeases_TakesLittleLongerThanItsLimitAllows(int workers)
    {
        var (took, legs, operations) = Run(workers, [JobRequests.List(300)]);

        Assert.InRange(took.TotalSeconds, 28, 40);
        Assert.InRange(legs, 300, 400);

        // Two at first, then about one for each refresh: nobody asks for what others can't have let go of yet.
        var refreshes = Math.Ceiling(took / new LeasePolicy().RefreshEvery);
        Assert.InRange(operations, workers, workers * (2 + refreshes));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Jobs_OfOneCallEach_BegunWithoutLeases_AreNotSleptThroughByTheTimesFirstTold(int workers)
    {
        var (took, legs, _) = Run(workers, [.. Enumerable.Range(0, 200).Select(_ => JobRequests.One())]);

        Assert.InRange(took.TotalSeconds, 18, 60);
        Assert.InRange(legs, 200, 800);
    }

    /// <summary>As while a killed host still holds the partition of the owner's entity: leases end, and calls are told times that nobody can know.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void List_WhoseOwnersAreSilentForAMinuteAndAHalf_GoesOnSoonAfterTheyAnswer(int workers)
    {
        var (from, silence) = (TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(90));
        var (took, legs, _) = Run(workers, [JobRequests.List(300)], new OwnerOutage(from, silence, Fails: false));

        // Some 200 calls are left, ten a second.
        Assert.InRange((took - from - silence).TotalSeconds, 0, 20 + 25);
        Assert.InRange(legs, 300, 800);
    }

    private (TimeSpan Took, long Legs, int Operations) Run(int workers, IReadOnlyList<JobRequest> requests, OwnerOutage? outage = null)
    {
        var took = TimeSpan.Zero;
        var upstream = new UpstreamDouble();
        var world = AppWorld.Run(
            async world =>
            {
                world.RenewLeases(outage);
                var begun = world.Time.GetUtcNow();
                var ids = new List<string>();
                foreach (var request in requests)
                {
                    ids.Add((await world.Get<JobService>().AcceptAsync("acme", request, CancellationToken.None)).Id!);
                }

                foreach (var id in ids)
                {
                    var job = await world.EndOfAsync(id);
                    Assert.Equal(job.Progress.Total, job.Progress.Succeeded);
                    took = job.EndedAt!.Value - begun > took ? job.EndedAt.Value - begun : took;
                }
            },
            new HubOptions { Workers = workers },
            TenCallsASecond,
            upstream);

        var legs = world.Jobs.All.Where(row => row.Values.ContainsKey("Leg") || row.Values.ContainsKey("Status")).Sum(row => row.Number("Leg") + 1);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{upstream.Calls.Count} calls at ten a second, {requests.Count} jobs, {workers} instances: {took.TotalSeconds:0.0} s, {legs} legs, {world.Hub.EntityOperations} operations of entities"));
        return (took, legs, world.Hub.EntityOperations);
    }
}
