using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Jobs;
using FuncLimiter.Server.Storage;
using FuncLimiter.Server.Storage.Jobs;

namespace FuncLimiter.Server.Tests.Storage.Jobs;

/// <summary>Over random histories with kills in between: nothing accepted is lost, nothing ends twice, and the numbers add up.</summary>
public sealed class JobHistoryTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task History_WhenTheProcessIsKilledAtRandom_EndsEachCallExactlyOnce(int seed)
    {
        var random = new Random(seed);
        var now = Start;
        var expected = new Dictionary<JobItemKey, JobItemState?>();
        var jobs = new Dictionary<string, string>();
        var running = new List<JobItemKey>();
        var directory = new TempDirectory();
        var database = Database.Open(directory.Path);
        try
        {
            for (var step = 0; step < 250; step++)
            {
                now += TimeSpan.FromSeconds(random.Next(5));
                var store = new JobStore(database);
                switch (random.Next(12))
                {
                    case < 3:
                        var job = Job($"j{step}", random, now);
                        Assert.Equal(JobAdditionKind.Added, (await store.AddAsync(job, int.MaxValue, CancellationToken.None)).Kind);
                        jobs.Add(job.Id, job.Tenant);
                        for (var index = 0; index < job.Items.Count; index++)
                        {
                            expected.Add(new JobItemKey(job.Id, index), null);
                        }

                        break;
                    case < 6:
                        var taking = await store.TakeAsync(new JobSlots(random.Next(8), random.Next(3), random.Next(3)), now, CancellationToken.None);
                        Assert.All(taking.Items, item => Assert.Null(expected[item.Key]));
                        Assert.Empty(taking.Items.Select(item => item.Key).Intersect(running));
                        running.AddRange(taking.Items.Select(item => item.Key));
                        await LearnExpiredAsync(store, jobs, expected, taking.Expired);
                        break;
                    case < 9 when running.Count > 0:
                        var ending = running[random.Next(running.Count)];
                        var state = random.Next(2) == 0 ? JobItemState.Succeeded : JobItemState.Failed;
                        Assert.Equal(expected[ending] is null, await store.EndAsync(ending, new JobItemResult(state, now, 200)));
                        expected[ending] ??= state;
                        running.Remove(ending);
                        break;
                    case 9 when running.Count > 0:
                        var postponed = running[random.Next(running.Count)];
                        await store.PostponeAsync(postponed, now.AddSeconds(random.Next(10)), 1);
                        running.Remove(postponed);
                        break;
                    case 10 when jobs.Count > 0:
                        var (cancelled, tenant) = jobs.ElementAt(random.Next(jobs.Count));
                        Assert.True(await store.CancelAsync(tenant, cancelled, now, CancellationToken.None));
                        foreach (var key in expected.Keys.Where(key => key.Job == cancelled).ToList())
                        {
                            expected[key] ??= JobItemState.Cancelled;
                        }

                        break;
                    case 11:
                        var image = directory.Image();
                        database.Dispose();
                        directory.Dispose();
                        (directory, database) = (image, Database.Open(image.Path));
                        await new JobStore(database).RequeueAsync(CancellationToken.None);
                        running.Clear();
                        break;
                }

                if (step % 10 == 9)
                {
                    await CheckAsync(new JobStore(database), jobs, expected);
                }
            }
        }
        finally
        {
            database.Dispose();
            directory.Dispose();
        }
    }

    private static NewJob Job(string id, Random random, DateTimeOffset now) => new(
        id,
        $"t{random.Next(3)}",
        now,
        [.. Enumerable.Range(0, random.Next(1, 6)).Select(_ => (new JobCall("/v1/embeddings", "{}"u8.ToArray(), (Priority)random.Next(3)), now.AddSeconds(random.Next(10, 200))))])
    {
        Weight = random.Next(1, 4),
        Fingerprint = new byte[1],
    };

    // Which calls were late is the store's to say; that as many are as it said, and none that had ended, is checked.
    private static async Task LearnExpiredAsync(JobStore store, Dictionary<string, string> jobs, Dictionary<JobItemKey, JobItemState?> expected, int count)
    {
        var expired = new List<JobItemKey>();
        foreach (var (job, tenant) in count > 0 ? jobs : [])
        {
            var snapshot = await store.FindAsync(tenant, job, JobPage.First, CancellationToken.None);
            expired.AddRange(snapshot!.Items.Where(item => item.State == JobItemState.Expired).Select(item => new JobItemKey(job, item.Index)).Where(key => expected[key] is null));
        }

        Assert.Equal(count, expired.Count);
        expired.ForEach(key => expected[key] = JobItemState.Expired);
    }

    private static async Task CheckAsync(JobStore store, Dictionary<string, string> jobs, Dictionary<JobItemKey, JobItemState?> expected)
    {
        foreach (var (job, tenant) in jobs)
        {
            var snapshot = (await store.FindAsync(tenant, job, JobPage.First, CancellationToken.None))!;
            foreach (var item in snapshot.Items)
            {
                Assert.Equal(expected[new JobItemKey(job, item.Index)], item.Result?.State);
                Assert.Equal(item.Result is not null, item.State is not (JobItemState.Waiting or JobItemState.Running));
            }

            var progress = new JobProgress(
                snapshot.Items.Count,
                Count(snapshot, JobItemState.Running),
                Count(snapshot, JobItemState.Succeeded),
                Count(snapshot, JobItemState.Failed),
                Count(snapshot, JobItemState.Cancelled),
                Count(snapshot, JobItemState.Expired));
            Assert.Equal(progress, snapshot.Progress);
            Assert.Equal(progress.Ended == progress.Total, snapshot.EndedAt is not null);
        }
    }

    private static int Count(JobSnapshot snapshot, JobItemState state) => snapshot.Items.Count(item => item.State == state);
}
