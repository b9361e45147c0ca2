using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Idempotency;
using FuncLimiter.Server.Storage;

namespace FuncLimiter.Server.Tests.Storage;

public sealed class AnswerStoreTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly CallResult Answer = new(
        200, [new("Content-Type", "application/json"), new("x-a", "1"), new("x-a", "2")], new byte[] { 0, 255, 123 }, "a/m", new TokenUsage(5, 6, 1), 2);

    private readonly TempDirectory _directory = new();
    private readonly Database _database;
    private readonly AnswerStore _store;

    public AnswerStoreTests() => _store = new AnswerStore(_database = Database.Open(_directory.Path));

    public void Dispose()
    {
        _database.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task Find_AfterAKill_GivesTheAnswerAsItWas()
    {
        await _store.StoreAsync("acme", "k", new StoredAnswer(new byte[] { 1, 2 }, Answer), Now, Now.AddDays(1));

        using var image = _directory.Image();
        using var after = Database.Open(image.Path);
        var stored = await new AnswerStore(after).FindAsync("acme", "k", Now, CancellationToken.None);

        Assert.Equal([1, 2], stored!.Fingerprint.ToArray());
        Assert.Equal((200, "a/m", new TokenUsage(5, 6, 1), 2), (stored.Answer.Status, stored.Answer.Deployment, stored.Answer.Usage, stored.Answer.Attempts));
        Assert.Equal(Answer.Headers, stored.Answer.Headers);
        Assert.Equal(Answer.Body.ToArray(), stored.Answer.Body.ToArray());
    }

    [Fact]
    public async Task Find_WhenTheKeyIsAnotherTenants_FindsNothing()
    {
        await _store.StoreAsync("acme", "k", new StoredAnswer(new byte[] { 1 }, Answer), Now, Now.AddDays(1));

        Assert.Null(await _store.FindAsync("other", "k", Now, CancellationToken.None));
    }

    [Fact]
    public async Task Find_WhenItHasExpired_FindsNothing()
    {
        await _store.StoreAsync("acme", "k", new StoredAnswer(new byte[] { 1 }, Answer), Now, Now.AddDays(1));

        Assert.NotNull(await _store.FindAsync("acme", "k", Now.AddDays(1).AddTicks(-1), CancellationToken.None));
        Assert.Null(await _store.FindAsync("acme", "k", Now.AddDays(1), CancellationToken.None));
    }

    [Fact]
    public async Task Store_WhenThereIsAnAnswer_KeepsTheFirstUntilItExpires()
    {
        await _store.StoreAsync("acme", "k", new StoredAnswer(new byte[] { 1 }, Answer), Now, Now.AddDays(1));
        await _store.StoreAsync("acme", "k", new StoredAnswer(new byte[] { 2 }, Answer), Now, Now.AddDays(1));
        Assert.Equal([1], (await _store.FindAsync("acme", "k", Now, CancellationToken.None))!.Fingerprint.ToArray());

        await _store.StoreAsync("acme", "k", new StoredAnswer(new byte[] { 3 }, Answer), Now.AddDays(2), Now.AddDays(3));
        Assert.Equal([3], (await _store.FindAsync("acme", "k", Now.AddDays(2), CancellationToken.None))!.Fingerprint.ToArray());
    }

    [Fact]
    public async Task Sweep_ForgetsWhatHasExpiredAndNothingElse()
    {
        for (var hour = 1; hour <= 10; hour++)
        {
            await _store.StoreAsync("acme", $"k{hour}", new StoredAnswer(new byte[] { 1 }, Answer), Now, Now.AddHours(hour));
        }

        Assert.Equal(3, await _store.SweepAsync(Now.AddHours(5), 3, CancellationToken.None));
        Assert.Equal(2, await _store.SweepAsync(Now.AddHours(5), 3, CancellationToken.None));
        Assert.Equal(0, await _store.SweepAsync(Now.AddHours(5), 3, CancellationToken.None));
        Assert.NotNull(await _store.FindAsync("acme", "k6", Now.AddHours(5), CancellationToken.None));
    }
}
