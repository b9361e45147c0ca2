using System.Net;
using System.Text.Json;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Tests.Hosting;

namespace FuncLimiter.Gateway.Tests.Http;

/// <summary>Budgets and waits go by the time that passes, whatever the wall clock is set to.</summary>
public class JumpingClockTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    public static TheoryData<int> Jumps => [-10_000, -180, 1, 60, 10_000];

    [Theory]
    [MemberData(nameof(Jumps))]
    public async Task Bucket_WhenTheClockJumps_LetsOutNoMoreAndNoLessThanItsRefill(int minutes)
    {
        var time = new JumpingTime();
        await using var gateway = await StartAsync(time, LimitAlgorithm.Bucket);
        Assert.InRange(await CallAsync(time, gateway, 15), 11, 12);

        time.Jump(TimeSpan.FromMinutes(minutes));
        var atOnce = await CallAsync(time, gateway, 15);
        time.Advance(TimeSpan.FromSeconds(25));
        var later = await CallAsync(time, gateway, 15);

        Assert.Equal(0, atOnce);
        Assert.InRange(later, 4, 5);
    }

    [Theory]
    [MemberData(nameof(Jumps))]
    public async Task Window_WhenTheClockJumps_HoldsItsLimit(int minutes)
    {
        var time = new JumpingTime();
        await using var gateway = await StartAsync(time, LimitAlgorithm.Sliding);
        Assert.InRange(await CallAsync(time, gateway, 15), 11, 12);

        time.Jump(TimeSpan.FromMinutes(minutes));
        time.Advance(TimeSpan.FromSeconds(50));
        var within = await CallAsync(time, gateway, 15);
        time.Advance(TimeSpan.FromSeconds(11));
        var after = await CallAsync(time, gateway, 15);

        Assert.Equal(0, within);
        Assert.InRange(after, 11, 12);
    }

    [Theory]
    [MemberData(nameof(Jumps))]
    public async Task WaitingCaller_WhenTheClockJumps_IsAnsweredInTheTimeItWaits(int minutes)
    {
        var time = new JumpingTime();
        await using var gateway = await StartAsync(time, LimitAlgorithm.Bucket);
        await CallAsync(time, gateway, 12);
        time.Jump(TimeSpan.FromMinutes(minutes));

        var waiting = gateway.PostAsync("/v1/chat/completions", Samples.Chat, ("Prefer", "wait=8"));
        var report = default(JsonElement);
        for (var i = 0; i < 500 && !(report.ValueKind == JsonValueKind.Object && report.GetProperty("waiting").GetInt32() == 1); i++)
        {
            await Task.Delay(10);
            report = await StatusAsync(gateway);
        }

        time.Advance(TimeSpan.FromSeconds(5.1));
        using var answer = await waiting.WaitAsync(TimeSpan.FromSeconds(30));
        var later = await StatusAsync(gateway);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.True(later.GetProperty("at").GetDateTimeOffset() > report.GetProperty("at").GetDateTimeOffset());
    }

    [Theory]
    [MemberData(nameof(Jumps))]
    public async Task RefusedCaller_WhenTheClockJumps_IsToldTheTimeThatItTakes(int minutes)
    {
        var time = new JumpingTime();
        await using var gateway = await StartAsync(time, LimitAlgorithm.Bucket);
        gateway.Provider.AnswerWith(429, "{}", ("Retry-After", "100"), ("x-should-retry", "false"));
        using var first = await gateway.PostAsync("/v1/chat/completions", Samples.Chat);
        time.Jump(TimeSpan.FromMinutes(minutes));

        using var second = await CallAsync(time, gateway);
        time.Advance(TimeSpan.FromSeconds(101));
        gateway.Provider.AnswerWith(200, Samples.ChatAnswer);
        using var third = await CallAsync(time, gateway);

        Assert.InRange(second.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 95, 105);
        Assert.Equal(HttpStatusCode.OK, third.StatusCode);
    }

    [Theory]
    [InlineData("GMT")]
    [InlineData("+0000")]
    public async Task RetryAfterDate_AfterAJump_IsReadByTheWallClock(string zone)
    {
        var time = new JumpingTime();
        await using var gateway = await StartAsync(time, LimitAlgorithm.Bucket);
        time.Jump(TimeSpan.FromHours(5));
        gateway.Provider.AnswerWith(
            429, "{}", ("Retry-After", (time.GetUtcNow() + TimeSpan.FromSeconds(30)).ToString("ddd, dd MMM yyyy HH:mm:ss", System.Globalization.CultureInfo.InvariantCulture) + " " + zone), ("x-should-retry", "false"));
        using var first = await gateway.PostAsync("/v1/chat/completions", Samples.Chat);

        using var second = await CallAsync(time, gateway);

        // A refusal empties the bucket as well: the next call fits a refill later.
        Assert.InRange(second.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 29, 40);
    }

    [Theory]
    [MemberData(nameof(Jumps))]
    public async Task Restart_AfterAJump_LetsOutNoMoreThanTheLimit(int minutes)
    {
        foreach (var algorithm in (LimitAlgorithm[])[LimitAlgorithm.Bucket, LimitAlgorithm.Sliding, LimitAlgorithm.CalendarDay])
        {
            // What was kept a second before the restart is a second old, whatever the clock says since.
            var time = new JumpingTime();
            IReadOnlyList<BudgetState> kept = [];
            await using (var gateway = await StartAsync(time, algorithm, out var first))
            {
                Assert.InRange(await CallAsync(time, gateway, 15), 11, 12);
                kept = await KeptAsync(first);
            }

            time.Jump(TimeSpan.FromMinutes(minutes));
            time.Advance(TimeSpan.FromSeconds(1));
            await using var again = await StartAsync(new Restarted(time), algorithm, out var second);
            second.Restore(kept);

            Assert.InRange(await CallAsync(time, again, 15), 0, 1);
        }
    }

    private static Task<TestGateway> StartAsync(TimeProvider time, LimitAlgorithm algorithm) => StartAsync(time, algorithm, out _);

    private static Task<TestGateway> StartAsync(TimeProvider time, LimitAlgorithm algorithm, out EmbeddedLimiter limiter)
    {
        EmbeddedLimiter? made = null;
        var configured = Configured(new Uri("http://127.0.0.1:9"), algorithm);
        made = new EmbeddedLimiter(LimiterSpecs.From(configured, isDurable: false), time);
        limiter = made;
        return ReadyAsync();

        async Task<TestGateway> ReadyAsync()
        {
            var gateway = await TestGateway.StartAsync(uri => Configured(uri, algorithm), time: time, realLimiter: _ => made);
            gateway.Provider.AnswerWith(200, Samples.ChatAnswer);
            return gateway;
        }
    }

    private static GatewayConfiguration Configured(Uri provider, LimitAlgorithm algorithm)
    {
        var open = Samples.Open(provider);
        var account = open.Accounts[0];
        var limit = new Limit(Dimension.Requests, 12, algorithm == LimitAlgorithm.CalendarDay ? TimeSpan.FromDays(1) : Minute, algorithm);
        return open with { Accounts = [account with { Models = [account.Models[0] with { Limits = [limit] }] }, .. open.Accounts.Skip(1)] };
    }

    private static async Task<IReadOnlyList<BudgetState>> KeptAsync(EmbeddedLimiter limiter)
    {
        using var end = new CancellationTokenSource();
        var store = new OneStore(end);
        await limiter.KeepAsync(store, TimeSpan.FromMilliseconds(1), _ => { }, end.Token);
        return store.Kept;
    }

    private static async Task<int> CallAsync(JumpingTime time, TestGateway gateway, int calls)
    {
        var admitted = 0;
        for (var i = 0; i < calls; i++)
        {
            using var answer = await CallAsync(time, gateway);
            admitted += answer.StatusCode == HttpStatusCode.OK ? 1 : 0;
        }

        return admitted;
    }

    // A virtual clock fires what is due at once only when it is moved; who waits is one of a crowd, which is refused a quarter of a second later.
    private static async Task<HttpResponseMessage> CallAsync(JumpingTime time, TestGateway gateway)
    {
        var call = gateway.PostAsync("/v1/chat/completions", Samples.Chat, ("Prefer", "wait=0"));
        while (await Task.WhenAny(call, Task.Delay(20)) != call)
        {
            time.Advance((await StatusAsync(gateway)).GetProperty("waiting").GetInt32() == 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(0.26));
        }

        return await call;
    }

    private static async Task<JsonElement> StatusAsync(TestGateway gateway)
    {
        using var status = await gateway.GetAsync("/status");
        using var body = JsonDocument.Parse(await status.Content.ReadAsStringAsync());
        return body.RootElement.Clone();
    }

    private sealed class OneStore(CancellationTokenSource end) : IBudgetStore
    {
        public List<BudgetState> Kept { get; } = [];

        public IReadOnlyList<BudgetState> Load() => Kept;

        public Task SaveAsync(IReadOnlyList<BudgetState> states, CancellationToken cancellationToken)
        {
            Kept.AddRange(states);
            return end.CancelAsync();
        }
    }

    /// <summary>A virtual clock whose wall time can be set while its own time goes on.</summary>
    private sealed class JumpingTime : TimeProvider
    {
        private readonly VirtualTime _steady = new();
        private TimeSpan _ahead = TimeSpan.FromHours(12);

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Jump(TimeSpan by) => _ahead += by;

        public void Advance(TimeSpan by) => _steady.Advance(by);

        public override DateTimeOffset GetUtcNow() => _steady.GetUtcNow() + _ahead;

        public override long GetTimestamp() => _steady.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            _steady.CreateTimer(callback, state, dueTime, period);
    }

    /// <summary>The clock of the next process on the same machine.</summary>
    private sealed class Restarted(TimeProvider machine) : TimeProvider
    {
        public override long TimestampFrequency => machine.TimestampFrequency;

        public override DateTimeOffset GetUtcNow() => machine.GetUtcNow();

        public override long GetTimestamp() => machine.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            machine.CreateTimer(callback, state, dueTime, period);
    }
}
