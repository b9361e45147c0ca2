using System.Globalization;
using System.Text;
using FuncLimiter.Core;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.IndependentProvider;
using FuncLimiter.Promises.Tests.Hosting;
using Xunit.Abstractions;
using ChargeRule = FuncLimiter.IndependentProvider.ChargeRule;
using Limit = FuncLimiter.IndependentProvider.Limit;

namespace FuncLimiter.Promises.Tests;

/// <summary>
/// Safe on a machine whose cores are busy, from the first call on: again and again the limiter's process gets no time for up to seconds, and
/// whatever it had to do meanwhile (letting out, sending, hearing) is done at the end, at once. In virtual time, so that no other load disturbs it.
/// </summary>
public sealed class BusyMachineTests(ITestOutputHelper output)
{
    private const double Tokens = 60_000;
    private static readonly Limit Minute = new(Counts.Tokens, Tokens);

    public static TheoryData<string, double, int> Machines()
    {
        var machines = new TheoryData<string, double, int>();
        foreach (var kind in (string[])["bucket of a minute", "bucket of 6 seconds", "sliding"])
        {
            foreach (var stall in (double[])[0.2, 1, 2])
            {
                foreach (var seed in Enumerable.Range(1, 5))
                {
                    machines.Add(kind, stall, seed);
                }
            }
        }

        return machines;
    }

    [Theory]
    [MemberData(nameof(Machines))]
    public void Refuses_NothingInTheFirstMinutes(string kind, double stall, int seed)
    {
        var run = new Run(kind, stall, seed, isMeasured: true);
        var truth = run.Play(TimeSpan.FromSeconds(170));
        var used = truth.Limits[0].Charged / run.Possible;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{truth.Accepted} accepted, {truth.Refused} refused, {used:0.000} of what was possible"));

        Assert.Equal(0, truth.Refused);
        Assert.InRange(used, 0.93, 1);
    }

    /// <summary>The same machine without measuring: shows that the test above can fail.</summary>
    [Fact]
    public void Refuses_WhereNobodyMeasures()
    {
        var refused = Enumerable.Range(1, 5).Sum(seed => new Run("sliding", 2, seed, isMeasured: false).Play(TimeSpan.FromSeconds(170)).Refused);

        output.WriteLine($"{refused} refused");
        Assert.True(refused > 0);
    }

    private sealed class Run
    {
        private const int Callers = 40;
        private const double AnswerSeconds = 0.3;
        private const double BeatSeconds = 0.05;
        private const double ToProviderSeconds = 0.005;
        private const double Noticed = 0.010;

        private readonly StillTime _time = new();
        private readonly PriorityQueue<Action, (double At, long Order)> _events = new();
        private readonly List<(double Start, double End)> _stalls = [];
        private readonly Limiter _limiter;
        private readonly Provider _provider;
        private readonly Random _random;
        private readonly bool _isMeasured;
        private readonly Limit _limit;
        private readonly double _begin;
        private double _armed = double.PositiveInfinity;
        private double _now;
        private double _end;
        private long _order;

        public Run(string kind, double stall, int seed, bool isMeasured)
        {
            (_random, _isMeasured) = (new Random(seed), isMeasured);
            (_limit, var written) = kind switch
            {
                "sliding" => (Minute with { How = Enforcement.Sliding }, Written(LimitAlgorithm.Sliding, null)),
                "bucket of 6 seconds" => (Minute with { Capacity = Tokens / 10 }, Written(LimitAlgorithm.Bucket, 6)),
                _ => (Minute, Written(LimitAlgorithm.Bucket, null)),
            };
            _provider = new Provider(
                new Settings
                {
                    Deployments = [new Deployment("key", "gpt", Api.OpenAI) { Limits = [_limit], Charge = ChargeRule.PromptPlusMax, FirstTokenMs = 0, TokenMs = 0 }],
                },
                _time);
            _limiter = new Limiter(new LimiterSpec
            {
                Accounts = [new AccountSpec("a", [])],
                Deployments = [new DeploymentSpec("a/gpt", "a", [written])],
                Routes = [new RouteSpec("gpt", ["a/gpt"], [])],
            });

            // Stalls of up to the given length, half of the time; the first while the machine starts, one just as the first calls go out.
            for (var at = 0.3; at < 200;)
            {
                var length = stall * (0.2 + (0.8 * _random.NextDouble()));
                _stalls.Add((at, at + length));
                at += length + (stall * _random.NextDouble());
            }

            _begin = _stalls.First(one => one.Start > 3).Start - 0.0005;
        }

        public double Possible { get; private set; }

        public DeploymentTruth Play(TimeSpan time)
        {
            _end = time.TotalSeconds;
            if (_isMeasured)
            {
                Beat(0);
            }

            At(_begin, () =>
            {
                for (var caller = 0; caller < Callers; caller++)
                {
                    Submit();
                }
            });
            while (_events.TryDequeue(out var happens, out var key) && key.At < _end)
            {
                _now = key.At;
                _time.MoveTo(TimeSpan.FromSeconds(_now));
                happens();
                ArmWake();
            }

            var seconds = _end - _begin;
            Possible = _limit.How == Enforcement.Sliding ? Tokens * (Math.Floor(seconds / 60) + 1) : (_limit.Capacity ?? Tokens) + (Tokens / 60 * seconds);
            return _provider.Tell().Deployments[0];
        }

        private static Core.Budgets.Limit Written(LimitAlgorithm algorithm, double? burst) =>
            new(Dimension.Tokens, (long)Tokens, TimeSpan.FromMinutes(1), algorithm) { BurstSeconds = burst };

        private Instant Now => Instant.From(_time.GetUtcNow());

        /// <summary>When the process does what is due at a time: at once, or when it gets time again.</summary>
        private double Awake(double due)
        {
            var stall = _stalls.Find(one => one.Start <= due && due < one.End);
            return stall.End > 0 ? stall.End : due;
        }

        private void At(double time, Action happens) => _events.Enqueue(happens, (time, _order++));

        private void Process(double due, Action happens) => At(Math.Max(_now, Awake(due)), happens);

        private void Beat(double begun) => Process(begun + BeatSeconds, () =>
        {
            _limiter.Delay(TimeSpan.FromSeconds(_now - begun - BeatSeconds), Now);
            Beat(_now);
        });

        private void ArmWake()
        {
            while (_limiter.TryTakeReleased(out var call))
            {
                Released(call);
            }

            if (!_limiter.NextWake.IsKnown)
            {
                return;
            }

            var due = _now + Math.Max(0, (_limiter.NextWake - Now).TotalSeconds);
            if (due >= _armed)
            {
                return;
            }

            _armed = due;
            Process(due, () =>
            {
                _armed = double.PositiveInfinity;
                _limiter.Advance(Now);
            });
        }

        private void Submit()
        {
            // The prompt is one word, a message's 4 tokens and 3 for the answer.
            var max = _random.Next(100, 900);
            var call = new Call { Route = "gpt", Tenant = "t", Provider = [new Charge(1, 8 + max, 0, 0, 1)], Tag = max, MaxWait = TimeSpan.FromHours(1) };
            if (_limiter.Submit(call, Now) != CallState.Waiting)
            {
                Released(call);
            }
        }

        private void Released(Call call)
        {
            Assert.Equal(CallState.Admitted, call.State);
            var admitted = _now;
            Process(_now + 0.001, () =>
            {
                if (_isMeasured && _now - admitted > Noticed)
                {
                    _limiter.Leave(call.Reservation, Now);
                }

                At(_now + ToProviderSeconds, () => Arrive(call));
            });
        }

        private void Arrive(Call call)
        {
            var body = Encoding.UTF8.GetBytes($$"""{"model":"gpt","max_tokens":{{call.Tag}},"messages":[{"role":"user","content":"hello"}]}""");
            using var answer = _provider.AskAsync(new Request("POST", "/v1/chat/completions", "", name => name == "Authorization" ? "Bearer key" : null, body), CancellationToken.None)
                .GetAwaiter().GetResult();
            var status = answer.Status;
            Process(_now + AnswerSeconds, () =>
            {
                _limiter.Observe(call.Reservation, new Observation(status == 200 ? OutcomeKind.Success : OutcomeKind.RateLimited), Now);
                _limiter.Settle(call.Reservation, new Settlement(call.Provider[0] with { Concurrent = 0 }, Charge.None), Now);
                Submit();
            });
        }
    }
}
