using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Calls.Admission;

namespace FuncLimiter.Gateway.Tests.Admission;

public sealed class EmbeddedLimiterTests : IDisposable
{
    private static readonly Limit SixtyPerMinute = new(Dimension.Requests, 60, TimeSpan.FromMinutes(1), LimitAlgorithm.Bucket) { BurstSeconds = 2 };
    private readonly VirtualTime time = new();
    private readonly List<EmbeddedLimiter> made = [];

    public void Dispose() => made.ForEach(limiter => limiter.Dispose());

    [Fact]
    public async Task AdmitAsync_WhenThereIsRoom_CompletesAtOnce()
    {
        var limiter = Make();

        var admission = limiter.AdmitAsync(Ask(), CancellationToken.None).AsTask();

        Assert.True(admission.IsCompletedSuccessfully);
        Assert.NotNull((await admission).Reservation);
    }

    [Fact]
    public async Task AdmitAsync_WhenFull_CompletesWhenTheTimerFires()
    {
        var limiter = Make();
        await limiter.AdmitAsync(Ask(), CancellationToken.None);

        var waiting = limiter.AdmitAsync(Ask(), CancellationToken.None).AsTask();
        Assert.False(waiting.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(990));
        Assert.False(waiting.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(20));

        var result = await waiting.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.NotNull(result.Reservation);
        Assert.InRange(result.Waited.TotalMilliseconds, 1000, 1010);
    }

    [Fact]
    public async Task AdmitAsync_WhenItsCallerGoesAway_GivesItsPlaceToTheNext()
    {
        var limiter = Make();
        await limiter.AdmitAsync(Ask(), CancellationToken.None);
        using var gone = new CancellationTokenSource();
        var first = limiter.AdmitAsync(Ask(), gone.Token).AsTask();
        var second = limiter.AdmitAsync(Ask(), CancellationToken.None).AsTask();

        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        time.Advance(TimeSpan.FromMilliseconds(1010));

        Assert.NotNull((await second.WaitAsync(TimeSpan.FromSeconds(60))).Reservation);
        Assert.Equal(0, limiter.Report().Waiting);
    }

    [Fact]
    public async Task AdmitAsync_WhenItWouldWaitTooLong_RefusesAtOnceWithATime()
    {
        var limiter = Make();
        await limiter.AdmitAsync(Ask(), CancellationToken.None);

        var result = await limiter.AdmitAsync(Ask() with { MaxWait = TimeSpan.Zero }, CancellationToken.None);

        Assert.Equal(RefusalReason.WouldWaitTooLong, result.Refusal?.Reason);
        Assert.Equal("deployment:a/m", result.Refusal?.Budget);
        Assert.True(result.Refusal!.RetryAt > Instant.From(time.GetUtcNow()));
    }

    [Fact]
    public async Task Settle_FreesAPlaceAmongConcurrentCalls()
    {
        var limiter = Make(new Limit(Dimension.Concurrent, 1, TimeSpan.Zero, LimitAlgorithm.Concurrency));
        var first = await limiter.AdmitAsync(Ask(), CancellationToken.None);
        var second = limiter.AdmitAsync(Ask(), CancellationToken.None).AsTask();
        Assert.False(second.IsCompleted);

        limiter.Settle(first.Reservation!, new(first.Reservation!.Provider with { Concurrent = 0 }, default));

        Assert.NotNull((await second.WaitAsync(TimeSpan.FromSeconds(60))).Reservation);
    }

    [Fact]
    public async Task CoolDown_ClosesTheScopeUntilItsEnd()
    {
        var limiter = Make();
        Assert.True(limiter.CoolDown("a/m", Instant.From(time.GetUtcNow()) + TimeSpan.FromSeconds(5)));
        var waiting = limiter.AdmitAsync(Ask(), CancellationToken.None).AsTask();

        time.Advance(TimeSpan.FromMilliseconds(4999));
        Assert.False(waiting.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(2));

        Assert.NotNull((await waiting.WaitAsync(TimeSpan.FromSeconds(60))).Reservation);
        Assert.False(limiter.CoolDown("nowhere", Instant.Distant));
    }

    [Fact]
    public async Task KeepAsync_LetsNothingOutThatIsNotKept()
    {
        var store = new MemoryStore();
        var limiter = Make(isDurable: true);
        var call = limiter.AdmitAsync(Ask(), CancellationToken.None).AsTask();
        Assert.False(call.IsCompleted);

        using var stop = new CancellationTokenSource();
        var keeping = limiter.KeepAsync(store, TimeSpan.FromMilliseconds(200), _ => { }, stop.Token);
        Assert.NotNull((await call.WaitAsync(TimeSpan.FromSeconds(60))).Reservation);
        await stop.CancelAsync();
        await keeping;

        // What the store holds counts the call: a process that starts from it now has no room for a second one.
        var next = Make();
        next.Restore(store.Load());
        Assert.False(next.AdmitAsync(Ask(), CancellationToken.None).AsTask().IsCompleted);
    }

    [Fact]
    public async Task KeepAsync_WhileTheStoreFails_RefusesWhoeverWouldWait_AndGoesOnByItself()
    {
        var store = new MemoryStore { Fails = true };
        var limiter = Make(isDurable: true);
        var told = 0;
        var waiting = limiter.AdmitAsync(Ask(), CancellationToken.None).AsTask();
        using var stop = new CancellationTokenSource();
        var keeping = limiter.KeepAsync(store, TimeSpan.FromMilliseconds(50), _ => told++, stop.Token);

        var refused = (await waiting.WaitAsync(TimeSpan.FromSeconds(60))).Refusal;
        var next = limiter.AdmitAsync(Ask(), CancellationToken.None).AsTask();
        Assert.True(next.IsCompleted);
        Assert.Equal((RefusalReason.NotKept, RefusalReason.NotKept), (refused?.Reason, (await next).Refusal?.Reason));
        Assert.True(refused!.RetryAt.IsKnown);

        store.Fails = false;
        for (var i = 0; (await next).Refusal is not null; i++)
        {
            Assert.InRange(i, 0, 500);
            time.Advance(TimeSpan.FromMilliseconds(50));
            await Task.Delay(10);
            next = limiter.AdmitAsync(Ask(), CancellationToken.None).AsTask();
            await next.WaitAsync(TimeSpan.FromSeconds(60));
        }

        await stop.CancelAsync();
        await keeping;
        Assert.Equal(1, told);
    }

    private EmbeddedLimiter Make(Limit? limit = null, bool isDurable = false)
    {
        var limiter = new EmbeddedLimiter(
            new()
            {
                Accounts = [new("a", [])],
                Deployments = [new("a/m", "a", [limit ?? SixtyPerMinute])],
                Routes = [new("m", ["a/m"], [])],
                IsDurable = isDurable,
            },
            time);
        made.Add(limiter);
        return limiter;
    }

    private static AdmissionRequest Ask() => new("m", "t", null, Priority.Standard, new(1, 0, 0, 0, 1), [new(1, 0, 0, 0, 1)]);

    private sealed class MemoryStore : IBudgetStore
    {
        private readonly Dictionary<string, BudgetState> kept = [];

        public IReadOnlyList<BudgetState> Load() => [.. kept.Values];

        public bool Fails { get; set; }

        public Task SaveAsync(IReadOnlyList<BudgetState> states, CancellationToken cancellationToken)
        {
            if (Fails)
            {
                throw new IOException("No room.");
            }

            foreach (var state in states)
            {
                kept[state.Name] = state;
            }

            return Task.CompletedTask;
        }
    }
}
