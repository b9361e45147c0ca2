using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using FuncLimiter.IndependentProvider;
using FuncLimiter.Promises.Tests.Hosting;
using Xunit.Abstractions;

namespace FuncLimiter.Promises.Tests;

/// <summary>
/// Promise 7: every refusal says why, which budget, and when to come back, and the time holds. Each overload by itself: callers come all at
/// once and others while they are served, and whoever is refused comes back within two seconds of the time told, until it is served.
/// </summary>
public sealed class HonestTests(ITestOutputHelper output)
{
    private const double Honest = 0.95;

    /// <summary>How long the callers' overload takes to serve.</summary>
    private const double Seconds = 5;

    /// <summary>A call runs so long where places are scarce, and each a little more or less.</summary>
    private const double RunSeconds = 1.5;
    private const int Several = 6;
    private const int Enough = 8;
    private static readonly TimeSpan Usually = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(26);

    [Theory]
    [InlineData("deployment", 10)]
    [InlineData("deployment", 100)]
    [InlineData("deployment", 1000)]
    [InlineData("account", 10)]
    [InlineData("account", 100)]
    [InlineData("tenant", 10)]
    [InlineData("tenant", 100)]
    [InlineData("user", 10)]
    [InlineData("user", 100)]
    [InlineData("concurrency", 10)]
    [InlineData("concurrency", 100)]
    public async Task RefusedCallers_WhoComeBackWhenTold_GoOutAtOnce(string scope, int callers)
    {
        // One caller of ten is more than may be missed: small crowds are several at a time, each before a server of its own.
        var overload = new Overload(scope, callers);
        var stages = new List<Stage>();
        Crowd[] crowds;
        try
        {
            while (stages.Count < (callers < 100 ? Several : 1))
            {
                stages.Add(await StartAsync(overload, stages.Count));
            }

            crowds = [.. stages.Select((stage, seed) => new Crowd(stage, overload, seed))];
            await Task.WhenAll(crowds.Select(crowd => crowd.RunAsync()));
        }
        finally
        {
            await Task.WhenAll(stages.Select(stage => stage.DisposeAsync().AsTask()));
        }

        foreach (var crowd in crowds)
        {
            output.WriteLine($"{scope}, {callers} callers: {crowd}");
        }

        Assert.All(crowds.SelectMany(crowd => crowd.Refusals), refusal =>
        {
            Assert.Equal(429, refusal.Status);
            Assert.Contains(overload.Budget, refusal.Text, StringComparison.Ordinal);
            var seconds = Assert.NotNull(refusal.RetryAfter);
            Assert.InRange(seconds, 1, 60);
            Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"Try again in {seconds} s."), refusal.Text, StringComparison.Ordinal);
            Assert.Equal(string.Create(CultureInfo.InvariantCulture, $"{seconds * 1000}"), refusal.Header("retry-after-ms"));
            Assert.Equal(string.Create(CultureInfo.InvariantCulture, $"\"{overload.Budget}\";r=0;t={seconds}"), refusal.Header("RateLimit"));
        });
        var (inTime, atOnce) = (crowds.Sum(crowd => crowd.InTime), crowds.Sum(crowd => crowd.AtOnce));
        Assert.True(inTime >= Math.Max(Enough, callers * 0.25), $"Only {inTime} came back in time.");
        Assert.True(atOnce >= Honest * inTime, $"{atOnce} of {inTime}: {string.Join(Environment.NewLine, crowds)}");
    }

    private static async Task<Stage> StartAsync(Overload overload, int seed)
    {
        var stage = await Stage.StartAsync(overload.Provider with { Seed = seed }, overload.Configuration);
        for (var warm = 0; warm < 5; warm++)
        {
            await stage.GetAsync("/status", "key-acme");
        }

        if (overload.IsOfPlaces)
        {
            // When places are free again is known from how long calls have run.
            await Task.WhenAll(Enumerable.Range(0, overload.Slots).Select(_ => stage.CallAsync(Overload.Call(0))));
        }

        return stage;
    }

    /// <summary>What is scarce, and for how many.</summary>
    private sealed record Overload(string Scope, int Callers)
    {
        private int PerMinute => (int)(Callers / Seconds * 60);

        public int Slots => (int)Math.Ceiling(Callers / Seconds * RunSeconds);

        public bool IsOfPlaces => Scope == "concurrency";

        /// <summary>What refuses.</summary>
        public string Budget => Scope switch { "account" => "account:a", "tenant" => "tenant:acme", "user" => "user:acme/ann", _ => "deployment:a/gpt" };

        public Settings Provider => new()
        {
            Deployments =
            [
                new Deployment(Stage.ProviderKey, "gpt", Api.OpenAI)
                {
                    Limits =
                    [
                        Scope switch
                        {
                            "concurrency" => new Limit(Counts.Concurrent, Slots),
                            "account" or "deployment" => new Limit(Counts.Requests, PerMinute) { Capacity = PerMinute / 30.0 },
                            _ => new Limit(Counts.Requests, 100 * PerMinute),
                        },
                    ],
                    FirstTokenMs = IsOfPlaces ? RunSeconds * 1000 : 40,
                },
            ],
        };

        public object Configuration(string endpoint)
        {
            var (scarce, ample) = (new { rpm = PerMinute, burstSeconds = 2 }, new { rpm = 100 * PerMinute });
            return new
            {
                accounts = new[]
                {
                    new
                    {
                        id = "a",
                        provider = "openai",
                        endpoint,
                        apiKey = "${PROVIDER_KEY}",
                        limits = Scope == "account" ? scarce : (object)ample,
                        models = new[] { new { model = "gpt", limits = Scope switch { "account" => new { tpm = 100_000_000 }, "deployment" => scarce, "concurrency" => new { concurrent = Slots }, _ => (object)ample } } },
                    },
                },
                tenants = new[] { Stage.Tenant("acme", limits: Scope == "tenant" ? scarce : null, userLimits: Scope == "user" ? scarce : null) },
            };
        }

        public static Ask Call(int caller) => Ask.Chat(
            "gpt", 10 + caller, 20, $"caller-{caller}", headers: [("Authorization", "Bearer key-acme"), ("X-User", "ann"), ("Prefer", "wait=1")]);
    }

    /// <summary>The callers of one overload, each with a call of its own.</summary>
    private sealed class Crowd(Stage stage, Overload overload, int seed)
    {
        /// <summary>How many others come for each of those that can be served.</summary>
        private const double Others = 0.3;
        private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(50);
        private readonly Stopwatch _clock = new();
        private readonly ConcurrentQueue<Outcome> _refusals = new();
        private readonly ConcurrentQueue<(TimeSpan Late, Outcome Outcome)> _returns = new();
        private int _callers;
        private int _served;
        private TimeSpan _late;
        private TimeSpan _took;

        public IReadOnlyCollection<Outcome> Refusals => _refusals;

        /// <summary>Who came back within two seconds of the time told, by the earliest moment at which it may have been told.</summary>
        public int InTime => _returns.Count(back => back.Late <= Within);

        public int AtOnce => _returns.Count(back => back.Late <= Within && IsAtOnce(back.Outcome));

        public async Task RunAsync()
        {
            _clock.Start();
            var ended = new TaskCompletionSource();
            var measuring = MeasureAsync(ended.Task);
            var calling = Enumerable.Range(0, overload.Callers).Select(_ => CallAsync()).ToList();
            var random = new Random(seed);
            while (_clock.Elapsed.TotalSeconds < Seconds)
            {
                await Task.Delay(TimeSpan.FromSeconds(-Math.Log(1 - random.NextDouble()) * Seconds / (Others * overload.Callers)));
                calling.Add(CallAsync());
            }

            await Task.WhenAll(calling);
            _took = _clock.Elapsed;
            ended.SetResult();
            await measuring;
        }

        // How late a timer is that is set for a moment.
        private async Task MeasureAsync(Task until)
        {
            while (!until.IsCompleted)
            {
                var set = _clock.Elapsed;
                await Task.Delay(Beat);
                _late = _clock.Elapsed - set - Beat is var late && late > _late ? late : _late;
            }
        }

        /// <summary>
        /// How soon is at once. On a busy machine everything is late, and the server keeps twice of that in hand (docs/how-it-decides.md, the
        /// margin): what this process measures of it at the same time is added.
        /// </summary>
        private TimeSpan Soon => Usually + (2 * _late);

        public override string ToString()
        {
            var missed = _returns.Where(back => back.Late <= Within && !IsAtOnce(back.Outcome))
                .Select(back => string.Create(CultureInfo.InvariantCulture, $"{Environment.NewLine}  {back.Late.TotalSeconds:0.00} s after its time: {back.Outcome.Status} after {back.Outcome.Waited.TotalSeconds:0.00} s, {back.Outcome.RetryAfter}"));
            return $"{AtOnce} of {InTime} at once ({_returns.Count} came back), {_served} of {_callers} served in {_took.TotalSeconds:0.0} s, {_refusals.Count} refusals; timers up to {_late.TotalSeconds:0.00} s late{string.Concat(missed.Take(12))}";
        }

        private bool IsAtOnce(Outcome outcome) => outcome.Status == 200 && outcome.Waited <= Soon;

        private async Task CallAsync()
        {
            var number = Interlocked.Increment(ref _callers);
            var (ask, random, told) = (Overload.Call(number), new Random((seed * 10_000) + number), (TimeSpan?)null);
            while (_clock.Elapsed < Longest)
            {
                var sent = _clock.Elapsed;
                var outcome = await stage.CallAsync(ask);
                if (told is { } time)
                {
                    _returns.Enqueue((sent - time, outcome));
                }

                if (outcome.Status == 200)
                {
                    Interlocked.Increment(ref _served);
                    return;
                }

                // The server can't have told it earlier than this; how much later is part of the two seconds.
                _refusals.Enqueue(outcome);
                var (wait, way) = (TimeSpan.FromSeconds(outcome.RetryAfter ?? 1), outcome.Took - outcome.Waited);
                told = sent + outcome.Waited + wait;
                await Task.Delay(wait + (Math.Max(0, (Within - way).TotalSeconds) * random.NextDouble() * TimeSpan.FromSeconds(1)));
            }
        }
    }
}
