using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Tests.Hosting;
using Xunit.Abstractions;

namespace FuncLimiter.Gateway.Tests.Http;

/// <summary>
/// Who is refused is told when its turn comes, and goes out at once when it comes back within two seconds of that: at least 95 % of them, in
/// each overload by itself.
/// </summary>
public class HonestRefusalTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    // Scope, what is limited, how much, callers at once, whether all send the same, class, newcomers a minute.
    [Theory]
    [InlineData("deployment", "rpm", 60, 60, true, "interactive", 0)]
    [InlineData("deployment", "rpm", 60, 60, false, "interactive", 0)]
    [InlineData("deployment", "rpm", 60, 60, false, "interactive", 30)]
    [InlineData("deployment", "rpm", 12, 10, true, "interactive", 0)]
    [InlineData("deployment", "rpm", 120, 100, true, "interactive", 0)]
    [InlineData("deployment", "rpm", 1200, 1000, true, "interactive", 0)]
    [InlineData("deployment", "tpm", 6000, 100, true, "interactive", 0)]
    [InlineData("deployment", "concurrent", 4, 100, true, "interactive", 0)]
    [InlineData("account", "rpm", 60, 60, true, "interactive", 0)]
    [InlineData("account", "concurrent", 4, 100, false, "interactive", 0)]
    [InlineData("tenant", "rpm", 60, 60, true, "interactive", 0)]
    [InlineData("tenant", "rpm", 60, 60, false, "interactive", 30)]
    [InlineData("tenant", "tpm", 6000, 100, true, "interactive", 0)]
    [InlineData("tenant", "concurrent", 4, 100, true, "interactive", 0)]
    [InlineData("user", "rpm", 30, 24, true, "interactive", 0)]
    [InlineData("user", "rpm", 30, 100, false, "interactive", 0)]
    [InlineData("user", "concurrent", 2, 60, true, "interactive", 0)]
    [InlineData("deployment", "rpm", 60, 200, true, "standard", 0)]
    [InlineData("deployment", "rpm", 1, 100, true, "background", 0)]
    public async Task RefusedCallers_WhoComeBackWhenTold_GoOutAtOnce(
        string scope, string limit, int amount, int callers, bool isAlike, string priority, int newcomers)
    {
        var time = new VirtualTime();
        EmbeddedLimiter? limiter = null;
        await using var gateway = await TestGateway.StartAsync(
            provider => Scarce(provider, scope, LimitOf(limit, amount)),
            time: time,
            realLimiter: configuration => limiter = new(LimiterSpecs.From(configuration, isDurable: false), time));
        var fleet = new ObedientFleet(gateway, time, () => limiter!.Report().Waiting, isAlike, priority, isKeyed: scope is "tenant" or "user");
        var tick = amount == 1 ? TimeSpan.FromSeconds(1) : Step;
        for (var (at, told) = (TimeSpan.Zero, 0); at < TimeSpan.FromHours(2.5) && (at == TimeSpan.Zero || fleet.IsBusy); at += tick)
        {
            var coming = at == TimeSpan.Zero ? callers : at < 2 * Minute ? (int)(at.TotalMinutes * newcomers) - told : 0;
            told += at == TimeSpan.Zero ? 0 : coming;
            await fleet.CallAsync(coming);
            time.Advance(tick);
        }

        output.WriteLine($"{scope} {amount} {limit}, {callers} callers: {fleet.AtOnce} of {fleet.Returned} who came back went out at once");
        Assert.True(fleet.Returned > 0, "Nobody came back.");
        Assert.True(fleet.AtOnce >= 0.95 * fleet.Returned, $"Of {fleet.Returned} who came back {fleet.AtOnce} went out at once.");
    }

    private static Limit LimitOf(string limit, int amount) => limit switch
    {
        "rpm" => new(Dimension.Requests, amount, Minute, LimitAlgorithm.Bucket) { BurstSeconds = 5 },
        "tpm" => new(Dimension.Tokens, amount, Minute, LimitAlgorithm.Bucket) { BurstSeconds = 5 },
        _ => new(Dimension.Concurrent, amount, TimeSpan.Zero, LimitAlgorithm.Concurrency),
    };

    private static GatewayConfiguration Scarce(Uri provider, string scope, Limit limit)
    {
        var open = Samples.Open(provider);
        var (account, key) = (open.Accounts[0], Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Samples.AcmeKey))));
        return scope switch
        {
            "deployment" => open with { Accounts = [account with { Models = [account.Models[0] with { Limits = [limit] }] }, .. open.Accounts.Skip(1)] },
            "account" => open with { Accounts = [account with { Limits = [limit] }, .. open.Accounts.Skip(1)] },
            "tenant" => open with { Tenants = [new("acme", [key], 1, [limit], [])] },
            _ => open with { Tenants = [new("acme", [key], 1, [], [limit])] },
        };
    }

    /// <summary>Callers who do as they are told, within two seconds: one of their own, and one until the clock is moved on.</summary>
    private sealed class ObedientFleet
    {
        private static readonly TimeSpan CallTime = TimeSpan.FromSeconds(1.7);
        private readonly Dictionary<Task<HttpResponseMessage>, (int Caller, bool IsBack)> _underWay = [];
        private readonly PriorityQueue<int, DateTimeOffset> _away = new();
        private readonly Random _random = new(7);
        private readonly TestGateway _gateway;
        private readonly VirtualTime _time;
        private readonly Func<int> _waiting;
        private readonly bool _isAlike;
        private readonly List<(string, string)> _headers;
        private int _callers;
        private int _served;

        public ObedientFleet(TestGateway gateway, VirtualTime time, Func<int> waiting, bool isAlike, string priority, bool isKeyed)
        {
            (_gateway, _time, _waiting, _isAlike) = (gateway, time, waiting, isAlike);
            _headers = [("X-Priority", priority), ("X-User", "u")];
            if (isKeyed)
            {
                _headers.Add(("Authorization", $"Bearer {Samples.AcmeKey}"));
            }

            gateway.Provider.Answer = async (context, _) =>
            {
                var over = Task.Delay(CallTime, time);
                Interlocked.Increment(ref _served);
                await over;
                Interlocked.Decrement(ref _served);
                await FakeProvider.WriteAsync(context, 200, Samples.ChatAnswer);
            };
        }

        public bool IsBusy => _underWay.Count + _away.Count > 0;

        public int Returned { get; private set; }

        public int AtOnce { get; private set; }

        /// <summary>New callers call, those whose time has come call again, and all that neither wait nor are served then are answered.</summary>
        public async Task CallAsync(int newcomers)
        {
            await RestAsync();
            while (_away.TryPeek(out var caller, out var due) && due <= _time.GetUtcNow())
            {
                _away.Dequeue();
                Returned++;
                var before = _gateway.Provider.Requests.Count;
                Call(caller, isBack: true);
                await RestAsync();
                AtOnce += _gateway.Provider.Requests.Count > before ? 1 : 0;
            }

            for (var i = 0; i < newcomers; i++)
            {
                Call(_callers++, isBack: false);
                await RestAsync();
            }
        }

        private void Call(int caller, bool isBack)
        {
            var body = _isAlike ? Samples.Chat : Samples.Chat.Replace("Hi", $"I am {caller}", StringComparison.Ordinal);
            _underWay.Add(_gateway.PostAsync("/v1/chat/completions", body, [.. _headers]), (caller, isBack));
        }

        private async Task RestAsync()
        {
            for (var patience = 0; patience < 20_000; patience++)
            {
                foreach (var answered in _underWay.Keys.Where(call => call.IsCompleted).ToArray())
                {
                    _underWay.Remove(answered, out var call);
                    using var answer = await answered;
                    await HearAsync(answer, call.Caller);
                }

                if (_underWay.Count == _waiting() + Volatile.Read(ref _served))
                {
                    return;
                }

                await Task.Delay(1);
            }

            Assert.Fail("Calls are neither answered nor in the queue.");
        }

        private async Task HearAsync(HttpResponseMessage answer, int caller)
        {
            if (answer.StatusCode == HttpStatusCode.OK)
            {
                return;
            }

            Assert.Contains(answer.StatusCode, new[] { HttpStatusCode.TooManyRequests, HttpStatusCode.ServiceUnavailable });
            var told = Assert.Single(answer.Headers.GetValues("Retry-After"));
            var seconds = int.Parse(told, CultureInfo.InvariantCulture);
            Assert.True(seconds >= 1);
            Assert.EndsWith($";r=0;t={told}", Assert.Single(answer.Headers.GetValues("RateLimit")), StringComparison.Ordinal);
            Assert.Equal($"{told}000", Assert.Single(answer.Headers.GetValues("retry-after-ms")));
            using var body = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync());
            Assert.EndsWith($"Try again in {told} s.", body.RootElement.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
            _away.Enqueue(caller, _time.GetUtcNow() + TimeSpan.FromSeconds(seconds + _random.NextDouble()));
        }
    }
}
