using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Server.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace FuncLimiter.Server.Tests.Storage;

public sealed class UsageLedgerTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly TempDirectory _directory = new();
    private readonly Database _database;

    public UsageLedgerTests() => _database = Database.Open(_directory.Path);

    public void Dispose()
    {
        _database.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task Stop_WritesEverythingThatWasRecorded()
    {
        using var ledger = Ledger();
        await ledger.StartAsync(CancellationToken.None);
        Parallel.For(0, 5000, n => ledger.Record(Entry("acme", "w", Now, 0.000_000_001m)));

        await ledger.StopAsync(CancellationToken.None);

        var sum = Assert.Single(await ledger.SumAsync(Now, Now.AddSeconds(1), CancellationToken.None));
        Assert.Equal(new UsageSum("acme", "w", "a/m", 5000, 50_000, 15_000, 35_000, 0.000_005m), sum);
        Assert.Equal(0, ledger.Lost);
    }

    [Fact]
    public async Task Sum_SeparatesTenantsAndWorkflowsAndKeepsToItsSpan()
    {
        using var ledger = Ledger();
        await ledger.StartAsync(CancellationToken.None);
        ledger.Record(Entry("acme", "w", Now, 1.5m));
        ledger.Record(Entry("acme", null, Now, 2m));
        ledger.Record(Entry("other", "w", Now, null));
        ledger.Record(Entry("other", "w", Now.AddHours(1), 9m));
        ledger.Record(Entry("other", "w", Now.AddTicks(-1), 9m));
        await ledger.StopAsync(CancellationToken.None);

        var sums = await ledger.SumAsync(Now, Now.AddHours(1), CancellationToken.None);

        Assert.Equal([("acme", null, 2m), ("acme", "w", 1.5m), ("other", "w", 0m)], sums.Select(sum => (sum.Tenant, sum.Workflow, sum.CostUsd)));
    }

    [Fact]
    public void Record_WhenTheDiskCannotKeepUp_CountsWhatIsLostAndNeverBlocks()
    {
        using var ledger = Ledger();

        for (var n = 0; n < 65_536 + 10; n++)
        {
            ledger.Record(Entry("acme", "w", Now, null));
        }

        Assert.Equal(10, ledger.Lost);
    }

    [Fact]
    public async Task Record_WhenTheDatabaseIsClosed_CountsWhatIsLost()
    {
        using var ledger = Ledger();
        _database.Dispose();
        await ledger.StartAsync(CancellationToken.None);
        ledger.Record(Entry("acme", "w", Now, null));

        await ledger.StopAsync(CancellationToken.None);

        Assert.Equal(1, ledger.Lost);
    }

    private UsageLedger Ledger() => new(_database, TimeProvider.System, NullLogger<UsageLedger>.Instance);

    private static UsageRecord Entry(string tenant, string? workflow, DateTimeOffset at, decimal? cost) => new(
        at,
        new Caller(tenant, "u", Priority.Standard, workflow, "s", "r"),
        "m",
        Operation.ChatCompletions,
        "a/m",
        200,
        new TokenUsage(10, 7, 3),
        cost,
        TimeSpan.FromMilliseconds(5),
        TimeSpan.FromMilliseconds(50),
        1);
}
