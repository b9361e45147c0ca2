using System.Globalization;
using System.Net;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Admission;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Tests.Hosting;

namespace FuncLimiter.Gateway.Tests.Http;

/// <summary>A full queue says when to come back, and whoever comes back then is taken.</summary>
public class HonestRefusalTests
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(500);
    private static readonly Limit OnePerSecond = new(Dimension.Requests, 60, TimeSpan.FromMinutes(1), LimitAlgorithm.Bucket) { BurstSeconds = 5 };

    [Fact]
    public async Task FullQueue_WhenRefusedCallersComeBackAtTheTimeStated_TakesNineInTen()
    {
        var time = new VirtualTime();
        EmbeddedLimiter? limiter = null;
        await using var gateway = await TestGateway.StartAsync(
            Scarce, time: time, realLimiter: configuration => limiter = new(LimiterSpecs.From(configuration, isDurable: false), time));
        gateway.Provider.AnswerWith(200, Samples.ChatAnswer);

        var fleet = new ObedientFleet(gateway, () => limiter!.Report().Waiting);
        for (var second = 0.0; second < 180; second += Step.TotalSeconds)
        {
            // Sixty callers at once, and another every two seconds: more than a queue of ten and a call a second can take.
            await fleet.CallAsync(second == 0 ? 60 : second % 2 == 0 && second < 60 ? 1 : 0, time.GetUtcNow());
            time.Advance(Step);
        }

        Assert.True(fleet.Returned >= 40, $"Only {fleet.Returned} came back.");
        Assert.True(fleet.Taken >= 0.9 * fleet.Returned, $"Of {fleet.Returned} who came back {fleet.Taken} were taken.");
    }

    private static GatewayConfiguration Scarce(Uri provider)
    {
        var open = Samples.Open(provider);
        var account = open.Accounts[0];
        return open with
        {
            Accounts = [account with { Models = [account.Models[0] with { Limits = [OnePerSecond] }] }, .. open.Accounts.Skip(1)],
            Queue = open.Queue with { MaxWaiting = 10 },
        };
    }

    /// <summary>Callers who do as they are told. Each sends a body of its own, and the same one when it comes back.</summary>
    private sealed class ObedientFleet(TestGateway gateway, Func<int> waiting)
    {
        private readonly Dictionary<Task<HttpResponseMessage>, (int Caller, bool IsBack)> _underWay = [];
        private readonly PriorityQueue<int, DateTimeOffset> _away = new();
        private int _callers;

        public int Returned { get; private set; }

        public int Taken { get; private set; }

        /// <summary>New callers call, those whose time has come call again, and all that are not in the queue then are answered.</summary>
        public async Task CallAsync(int newcomers, DateTimeOffset now)
        {
            while (_away.TryPeek(out var caller, out var due) && due <= now)
            {
                _away.Dequeue();
                Returned++;
                Call(caller, isBack: true);
                await RestAsync(now);
            }

            for (var i = 0; i < newcomers; i++)
            {
                Call(_callers++, isBack: false);
                await RestAsync(now);
            }

            await RestAsync(now);
        }

        private void Call(int caller, bool isBack)
        {
            var body = Samples.Chat.Replace("Hi", $"I am {caller}", StringComparison.Ordinal);
            _underWay.Add(gateway.PostAsync("/v1/chat/completions", body), (caller, isBack));
        }

        private async Task RestAsync(DateTimeOffset now)
        {
            for (var patience = 0; patience < 5000; patience++)
            {
                foreach (var answered in _underWay.Keys.Where(call => call.IsCompleted).ToArray())
                {
                    _underWay.Remove(answered, out var call);
                    using var answer = await answered;
                    Hear(answer, call.Caller, call.IsBack, now);
                }

                if (_underWay.Count == waiting())
                {
                    return;
                }

                await Task.Delay(1);
            }

            Assert.Fail("Calls are neither answered nor in the queue.");
        }

        private void Hear(HttpResponseMessage answer, int caller, bool isBack, DateTimeOffset now)
        {
            if (answer.StatusCode == HttpStatusCode.OK)
            {
                Taken += isBack ? 1 : 0;
                return;
            }

            Assert.Contains(answer.StatusCode, new[] { HttpStatusCode.TooManyRequests, HttpStatusCode.ServiceUnavailable });
            var seconds = int.Parse(Assert.Single(answer.Headers.GetValues("Retry-After")), CultureInfo.InvariantCulture);
            Assert.True(seconds > 0);
            _away.Enqueue(caller, now + TimeSpan.FromSeconds(seconds));
        }
    }
}
