using System.Text;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Jobs;
using FuncLimiter.Server.Storage;
using FuncLimiter.Server.Storage.Jobs;

namespace FuncLimiter.Server.Tests.Storage.Jobs;

public sealed class JobStoreTests : JobStoreFixture
{
    [Fact]
    public async Task Add_WhenDone_IsWholeAfterAKill()
    {
        await AddAsync(Job("j", calls: 3, deadline: TimeSpan.FromMinutes(5)));

        using var image = Image();
        using var after = Database.Open(image.Path);
        var taken = (await new JobStore(after).TakeAsync(All, Now, CancellationToken.None)).Items;

        Assert.Equal([0, 1, 2], taken.Select(item => item.Key.Index));
        var item = taken[1];
        Assert.Equal(("j", "acme", Now.AddMinutes(5), 0), (item.Key.Job, item.Tenant, item.Deadline, item.Failures));
        Assert.Equal("""{"model":"m","n":1}""", Encoding.UTF8.GetString(item.Call.Body.Span));
        Assert.Equal(("/v1/chat/completions", Priority.Standard, "u", null, "s", null), (item.Call.Path, item.Call.Priority, item.Call.User, item.Call.Workflow, item.Call.Step, item.Call.Run));
        Assert.Equal([new("x-a", "1")], item.Call.Headers);
    }

    [Fact]
    public async Task Add_WhenTheKeyAndTheRequestAreTheSame_IsTheSameJob()
    {
        await AddAsync(Job("first", key: "k"));

        Assert.Equal(new JobAddition(JobAdditionKind.Known, "first"), await AddAsync(Job("second", key: "k")));
        Assert.Equal(new JobAddition(JobAdditionKind.Different, null), await AddAsync(Job("third", calls: 2, key: "k")));
        Assert.Equal(JobAdditionKind.Added, (await AddAsync(Job("fourth", tenant: "other", key: "k"))).Kind);
        Assert.Equal(["first", "fourth"], (await TakeAsync()).Select(item => item.Key.Job).Order());
    }

    [Fact]
    public async Task Add_WhenAsManyWaitAsMay_StoresNothing()
    {
        await AddAsync(Job("a", calls: 3), mostWaiting: 4);

        Assert.Equal(JobAdditionKind.Full, (await AddAsync(Job("b", calls: 2), mostWaiting: 4)).Kind);
        Assert.Null(await FindAsync("b"));
        var taken = await TakeAsync(1);
        Assert.Equal(JobAdditionKind.Full, (await AddAsync(Job("b", calls: 2), mostWaiting: 4)).Kind);
        await Store.EndAsync(taken[0].Key, Answer());
        Assert.Equal(JobAdditionKind.Added, (await AddAsync(Job("b", calls: 2), mostWaiting: 4)).Kind);
    }

    [Fact]
    public async Task Take_WhenCalledAgain_GivesNoCallTwice()
    {
        await AddAsync(Job("j", calls: 10));

        Assert.Equal(4, (await TakeAsync(4)).Count);
        Assert.Equal(6, (await TakeAsync()).Count);
        Assert.Empty(await TakeAsync());
    }

    [Fact]
    public async Task Take_WhenTenantsAreBacklogged_ServesThemByWeightHoweverManyCallsTheyHave()
    {
        await AddAsync(Job("big", calls: 900, tenant: "big"));
        await AddAsync(Job("triple", calls: 300, tenant: "triple", weight: 3));

        for (var served = 0; served < 400; served += 40)
        {
            var taken = await TakeAsync(40);

            Assert.InRange(taken.Count(item => item.Tenant == "triple"), 29, 31);
        }
    }

    [Fact]
    public async Task Take_WhenATenantComesLate_GivesItItsTurnAtOnceAndNoCreditForItsAbsence()
    {
        await AddAsync(Job("old", calls: 1000, tenant: "old"));
        await TakeAsync(500);
        await AddAsync(Job("new", calls: 100, tenant: "new"));

        var taken = await TakeAsync(100);

        Assert.InRange(taken.Count(item => item.Tenant == "new"), 49, 51);
    }

    [Fact]
    public async Task Take_WhenClassesCompete_KeepsTheLowerOnesTheirSlots()
    {
        foreach (var priority in Enum.GetValues<Priority>())
        {
            await AddAsync(Job($"{priority}", calls: 100, priority: priority));
        }

        var taken = (await Store.TakeAsync(new JobSlots(20, 4, 2), Now, CancellationToken.None)).Items;

        Assert.Equal(
            [(Priority.Interactive, 14), (Priority.Standard, 4), (Priority.Background, 2)],
            taken.GroupBy(item => item.Call.Priority).Select(group => (group.Key, group.Count())));
    }

    [Fact]
    public async Task Take_WhenALaneHoldsItsShare_PassesItBy()
    {
        await AddAsync(Job("stuck", calls: 100, lane: "stuck"));
        await AddAsync(Job("free", calls: 5, lane: "free"));

        var taken = await TakeAsync(new JobSlots(30, 0, 0) { Lanes = new(new Dictionary<JobLane, int>(), new HashSet<JobLane>()) });

        // One lane takes two thirds of what is free; the other finds its slots in what is left.
        Assert.Equal([("free", 5), ("stuck", 17)], taken.GroupBy(item => item.Key.Job).Select(group => (group.Key, group.Count())).Order());
        var more = await TakeAsync(new JobSlots(8, 0, 0)
        {
            Lanes = new(new Dictionary<JobLane, int> { [new(Priority.Standard, "acme", "stuck")] = 17 }, new HashSet<JobLane>()),
        });
        Assert.Empty(more);
    }

    [Fact]
    public async Task Take_WhenALaneIsClosed_TakesNoneOfItsCalls()
    {
        await AddAsync(Job("closed", calls: 3, lane: "closed"));
        await AddAsync(Job("open", calls: 3, lane: "open"));
        await AddAsync(Job("other", calls: 3, lane: "closed", tenant: "other"));

        var taken = await TakeAsync(new JobSlots(100, 0, 0)
        {
            Lanes = new(new Dictionary<JobLane, int>(), new HashSet<JobLane> { new(Priority.Standard, "acme", "closed") }),
        });

        Assert.Equal(["open", "other"], taken.Select(item => item.Key.Job).Distinct().Order());
        Assert.Equal(3, (await TakeAsync()).Count);
    }

    [Fact]
    public async Task Take_WhenADeadlineHasPassed_EndsTheCallInstead()
    {
        await AddAsync(Job("late", deadline: TimeSpan.FromSeconds(10), webhook: "https://example.com"));
        await AddAsync(Job("early", deadline: TimeSpan.FromSeconds(20)));

        var taking = await Store.TakeAsync(All, Now.AddSeconds(10), CancellationToken.None);

        Assert.Equal(("early", 1), (Assert.Single(taking.Items).Key.Job, taking.Expired));
        var job = await FindAsync("late");
        Assert.Equal((JobItemState.Expired, Now.AddSeconds(10)), (job!.Items[0].Result!.State, job.EndedAt));
        Assert.Single(await Deliveries.TakeDueAsync(Now.AddSeconds(10), Now.AddMinutes(1), 10, CancellationToken.None));
    }

    [Fact]
    public async Task Postpone_PutsACallBackUntilItsTimeAndCountsItsFailures()
    {
        await AddAsync(Job("j"));
        var item = Assert.Single(await TakeAsync());

        await Store.PostponeAsync(item.Key, Now.AddSeconds(30), failures: 2);

        var before = await Store.TakeAsync(All, Now.AddSeconds(29), CancellationToken.None);
        Assert.Empty(before.Items);
        Assert.Equal(Now.AddSeconds(30), before.NextDue);
        var job = await FindAsync("j");
        Assert.Equal((1, 0, Now.AddSeconds(30)), (job!.Progress.Waiting, job.Progress.Running, job.Place!.NotBefore));
        Assert.Equal(JobItemState.Waiting, job.Items[0].State);
        Assert.Equal(2, Assert.Single(await TakeAsync(now: Now.AddSeconds(30))).Failures);
    }

    [Fact]
    public async Task NextDue_WhenCallsWait_IsTheFirstDeadline()
    {
        await AddAsync(Job("a", deadline: TimeSpan.FromSeconds(90)));
        await AddAsync(Job("b", deadline: TimeSpan.FromSeconds(60)));

        Assert.Equal(Now.AddSeconds(60), (await Store.TakeAsync(default, Now, CancellationToken.None)).NextDue);
        await TakeAsync();
        Assert.Null((await Store.TakeAsync(default, Now, CancellationToken.None)).NextDue);
    }

    [Fact]
    public async Task End_WhenACallHasEnded_LeavesItsResultAlone()
    {
        await AddAsync(Job("j"));
        var item = Assert.Single(await TakeAsync());

        Assert.True(await Store.EndAsync(item.Key, Answer()));
        Assert.False(await Store.EndAsync(item.Key, Answer(JobItemState.Failed)));
        Assert.False(await Store.EndAsync(new JobItemKey("unknown", 0), Answer()));

        var job = await FindAsync("j");
        var result = Assert.Single(job!.Items).Result!;
        Assert.Equal(new JobProgress(1, 0, 1, 0, 0, 0), job.Progress);
        Assert.Equal(
            (JobItemState.Succeeded, Now, 200, "a/m", new TokenUsage(1, 2), 1),
            (result.State, result.EndedAt, result.Status, result.Deployment, result.Usage, result.Attempts));
        Assert.Equal("111", Encoding.UTF8.GetString(result.Body.Span));
        Assert.Equal([new("Content-Type", "application/json")], result.Headers);
    }

    [Fact]
    public async Task End_WhenDone_IsThereAfterAKillAndTheCallIsNotRunAgain()
    {
        await AddAsync(Job("j", calls: 2));
        await TakeAsync();
        await Store.EndAsync(new JobItemKey("j", 0), Answer());

        using var image = Image();
        using var after = Database.Open(image.Path);
        var store = new JobStore(after);

        Assert.Equal(1, await store.RequeueAsync(CancellationToken.None));
        Assert.Equal(new JobItemKey("j", 1), Assert.Single((await store.TakeAsync(All, Now, CancellationToken.None)).Items).Key);
        Assert.Equal(new JobProgress(2, 1, 1, 0, 0, 0), (await store.FindAsync("acme", "j", JobPage.First, CancellationToken.None))!.Progress);
    }

    [Fact]
    public async Task Cancel_EndsWhatWaitsAndWhatRunsButNotWhatHasEnded()
    {
        await AddAsync(Job("j", calls: 4, webhook: "https://example.com"));
        await TakeAsync(3);
        await Store.EndAsync(new JobItemKey("j", 0), Answer());
        await Store.PostponeAsync(new JobItemKey("j", 1), Now.AddHours(1), 1);

        Assert.True(await Store.CancelAsync("acme", "j", Now.AddSeconds(1), CancellationToken.None));

        var job = await FindAsync("j");
        Assert.Equal(new JobProgress(4, 0, 1, 0, 3, 0), job!.Progress);
        Assert.Equal(Now.AddSeconds(1), job.EndedAt);
        Assert.False(await Store.EndAsync(new JobItemKey("j", 2), Answer()));
        Assert.Empty(await TakeAsync(now: Now.AddHours(2)));
        Assert.Single(await Deliveries.TakeDueAsync(Now.AddSeconds(1), Now.AddMinutes(1), 10, CancellationToken.None));
        Assert.True(await Store.CancelAsync("acme", "j", Now.AddSeconds(2), CancellationToken.None));
        Assert.Equal(Now.AddSeconds(1), (await FindAsync("j"))!.EndedAt);
    }

    [Fact]
    public async Task FindAndCancel_WhenTheJobIsAnotherTenants_KnowNothingOfIt()
    {
        await AddAsync(Job("j"));

        Assert.Null(await FindAsync("j", tenant: "other"));
        Assert.False(await Store.CancelAsync("other", "j", Now, CancellationToken.None));
        Assert.Single(await TakeAsync());
    }

    [Fact]
    public async Task Find_TellsHowManyGoBefore()
    {
        await AddAsync(Job("a", calls: 10, tenant: "a"));
        await AddAsync(Job("b", calls: 2, tenant: "b"));
        await AddAsync(Job("urgent", calls: 5, tenant: "c", priority: Priority.Interactive));

        // Five urgent ones; then a and b take turns.
        var place = (await FindAsync("b", tenant: "b"))!.Place!;
        Assert.InRange(place.AheadOfNext, 5, 6);
        Assert.InRange(place.AheadOfLast, 7, 8);
        Assert.Equal(0, (await FindAsync("urgent", tenant: "c"))!.Place!.AheadOfNext);

        await TakeAsync();
        Assert.Null((await FindAsync("b", tenant: "b"))!.Place);
    }

    [Fact]
    public async Task Find_GivesPagesBoundedByNumberAndBytesAndAlwaysOne()
    {
        await AddAsync(Job("j", calls: 6));
        foreach (var item in await TakeAsync())
        {
            await Store.EndAsync(item.Key, Answer(bytes: 100));
        }

        Assert.Equal([0, 1], (await FindAsync("j", page: new JobPage(0, 2, 1000)))!.Items.Select(item => item.Index));
        Assert.Equal([2, 3], (await FindAsync("j", page: new JobPage(2, 10, 250)))!.Items.Select(item => item.Index));
        Assert.Equal([5], (await FindAsync("j", page: new JobPage(5, 10, 1)))!.Items.Select(item => item.Index));
        Assert.Empty((await FindAsync("j", page: new JobPage(6, 10, 1)))!.Items);
    }

    [Fact]
    public async Task Sweep_ForgetsEndedJobsOnceTheyAreOldAndDelivered()
    {
        foreach (var id in new[] { "old", "undelivered", "running", "recent" })
        {
            await AddAsync(Job(id, key: id, webhook: id == "undelivered" ? "https://example.com" : null));
        }

        await TakeAsync();
        await Store.EndAsync(new JobItemKey("old", 0), Answer());
        await Store.EndAsync(new JobItemKey("undelivered", 0), Answer());
        await Store.EndAsync(new JobItemKey("recent", 0), Answer(at: Now.AddHours(1)));

        Assert.Equal(1, await Store.SweepAsync(Now.AddMinutes(1), 10, CancellationToken.None));
        Assert.Equal(0, await Store.SweepAsync(Now.AddMinutes(1), 10, CancellationToken.None));

        Assert.Null(await FindAsync("old"));
        Assert.NotNull(await FindAsync("undelivered"));
        Assert.NotNull(await FindAsync("running"));
        Assert.NotNull(await FindAsync("recent"));
        Assert.Equal(JobAdditionKind.Added, (await AddAsync(Job("old again", key: "old"))).Kind);
        await Deliveries.RecordAsync("undelivered", Gateway.Jobs.Webhooks.DeliveryState.Delivered, Now, null);
        Assert.Equal(1, await Store.SweepAsync(Now.AddMinutes(1), 10, CancellationToken.None));
    }
}
