using System.Text;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Jobs;
using FuncLimiter.Server.Storage;
using FuncLimiter.Server.Storage.Jobs;

namespace FuncLimiter.Server.Tests.Storage.Jobs;

/// <summary>A job store over a folder of its own.</summary>
public abstract class JobStoreFixture : IDisposable
{
    protected static readonly DateTimeOffset Now = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);
    private protected static readonly JobSlots All = new(1_000_000, 0, 0);

    private readonly TempDirectory _directory = new();

    protected JobStoreFixture()
    {
        Database = Database.Open(_directory.Path);
        Store = new JobStore(Database);
        Deliveries = new DeliveryStore(Database);
    }

    private protected Database Database { get; private set; }

    private protected JobStore Store { get; private set; }

    private protected DeliveryStore Deliveries { get; private set; }

    internal TempDirectory Image() => _directory.Image();

    public void Dispose()
    {
        Database.Dispose();
        _directory.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected static NewJob Job(
        string id,
        int calls = 1,
        string tenant = "acme",
        Priority priority = Priority.Standard,
        double weight = 1,
        TimeSpan? deadline = null,
        string? key = null,
        string? webhook = null,
        string lane = "") => new(
            id,
            tenant,
            Now,
            [
                .. Enumerable.Range(0, calls).Select(n => (
                    new JobCall("/v1/chat/completions", Encoding.UTF8.GetBytes($$"""{"model":"m","n":{{n}}}"""), priority) { User = "u", Step = "s", Lane = lane, Headers = [new("x-a", "1")] },
                    Now + (deadline ?? TimeSpan.FromHours(1)))),
            ])
        {
            IsList = calls > 1,
            Weight = weight,
            IdempotencyKey = key,
            Fingerprint = Encoding.UTF8.GetBytes($"fingerprint of {calls}"),
            Webhook = webhook,
        };

    private protected static JobItemResult Answer(JobItemState state = JobItemState.Succeeded, DateTimeOffset? at = null, int bytes = 3) => new(state, at ?? Now, 200)
    {
        Headers = [new("Content-Type", "application/json")],
        Body = Enumerable.Repeat((byte)'1', bytes).ToArray(),
        Deployment = "a/m",
        Usage = new TokenUsage(1, 2),
        Attempts = 1,
    };

    private protected Task<JobAddition> AddAsync(NewJob job, int mostWaiting = int.MaxValue) => Store.AddAsync(job, mostWaiting, CancellationToken.None);

    private protected async Task<IReadOnlyList<JobItem>> TakeAsync(int most = 1_000_000, DateTimeOffset? now = null) =>
        (await Store.TakeAsync(new JobSlots(most, 0, 0), now ?? Now, CancellationToken.None)).Items;

    private protected async Task<IReadOnlyList<JobItem>> TakeAsync(JobSlots slots) => (await Store.TakeAsync(slots, Now, CancellationToken.None)).Items;

    private protected Task<JobSnapshot?> FindAsync(string id, string tenant = "acme", JobPage? page = null) =>
        Store.FindAsync(tenant, id, page ?? JobPage.First, CancellationToken.None);
}
