using FuncLimiter.Core;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Estimation;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Calls.Headers;
using FuncLimiter.Gateway.Calls.Routes;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Operations;
using FuncLimiter.Gateway.Operations.Alerts;
using FuncLimiter.Gateway.Operations.Preflight;
using FuncLimiter.Providers;
using FuncLimiter.Providers.Dialects;
using Microsoft.Extensions.Logging.Abstractions;
using Route = FuncLimiter.Gateway.Calls.Routes.Route;

namespace FuncLimiter.Gateway.Tests.Operators;

/// <summary>
/// A limiter at work in virtual time: other tenants call it, then a run is foreseen and made. Everything is drawn from a seed: limits and the
/// way they count, how busy they are, how fast answers come, what the run does.
/// </summary>
internal sealed class VirtualFloor : IDisposable
{
    private const double WarmUpSeconds = 180;
    private const double LongestSeconds = 6 * 3600;
    private const double UsualSpread = 0.5;

    private readonly Random _random;
    private readonly VirtualTime _time = new();
    private readonly Limiter _limiter;
    private readonly Desk _desk;
    private readonly ConsumerLedger _ledger;
    private readonly Watch _watch;
    private readonly TenantTallies _tallies = new();
    private readonly AnswerPace _pace = new();
    private readonly RunPreflight _preflight;
    private readonly RouteTable _routes;
    private readonly Route _route;
    private readonly PriorityQueue<Action, (double At, int Order)> _events = new();
    private readonly double _input;
    private readonly double _output;
    private readonly double _baseSeconds;
    private readonly double _secondsPerToken;
    private readonly string _kind;
    private int _order;

    public VirtualFloor(int seed)
    {
        _random = new Random(seed);
        (_input, _output) = (Between(200, 3000), Between(20, 500));
        (_baseSeconds, _secondsPerToken) = (Between(0.2, 2), Between(0.002, 0.02));
        var perMinute = Math.Exp(Between(Math.Log(15), Math.Log(600)));
        var tokens = (long)(perMinute * (_input + _output));
        var minute = TimeSpan.FromMinutes(1);
        (_kind, Limit[] limits, var places) = (seed % 6) switch
        {
            0 => ("bucket", [new Limit(Dimension.Tokens, tokens, minute, LimitAlgorithm.Bucket) { BurstSeconds = Between(5, 60) }], 1),
            1 => ("sliding", [new Limit(Dimension.Tokens, tokens, minute, LimitAlgorithm.Sliding)], 1),
            2 => ("fixed", [new Limit(Dimension.Requests, (long)perMinute, minute, LimitAlgorithm.Fixed)], 1),
            3 => ("concurrent", [new Limit(Dimension.Concurrent, (long)Math.Max(2, perMinute * AnswerSeconds(_output) / 60), TimeSpan.Zero, LimitAlgorithm.Concurrency)], 1),
            4 => ("bucket and requests",
                [new Limit(Dimension.Tokens, tokens, minute, LimitAlgorithm.Bucket), new Limit(Dimension.Requests, (long)(perMinute * Between(0.7, 1.4)), minute, LimitAlgorithm.Bucket)], 1),
            _ => ("two places", new[] { new Limit(Dimension.Tokens, tokens / 2, minute, LimitAlgorithm.Bucket) { BurstSeconds = 20 } }, 2),
        };
        var configuration = new GatewayConfiguration
        {
            Accounts = [.. Enumerable.Range(1, places).Select(place => new AccountConfiguration(
                $"east-{place}", "openai-compatible", null, new Uri("http://127.0.0.1:1"), "key", [], [new("gpt-x", limits, null)]))],
            Routes = [new("gpt-x", [.. Enumerable.Range(1, places).Select(place => $"east-{place}/gpt-x")], [])],
            Tenants = [.. new[] { "acme", "globex", "initech" }.Select(id => new TenantConfiguration(id, [], _random.Next(1, 4), [], []))],
        };
        _limiter = new Limiter(LimiterSpecs.From(configuration, isDurable: false));
        _desk = new Desk(_limiter, SteadyClock.Of(_time));
        var targets = new RouteTargets(configuration);
        _ledger = new ConsumerLedger(targets, _time);
        var engine = new AlertEngine(configuration, _ledger, targets, new AlertBoard(), new ControlDesk(_desk));
        _watch = new Watch(_desk, configuration, _tallies, engine, _time, NullLogger<Watch>.Instance);
        _routes = new RouteTable(configuration, ProviderCatalog.Get);
        _routes.TryGet("gpt-x", out var route);
        _route = route!;
        _preflight = new RunPreflight(_desk, _routes, _pace, _watch, _ledger, _time);
        Load(perMinute / 60);
    }

    /// <summary>What it is like, for messages.</summary>
    public string Story { get; private set; } = "";

    private double Fits => _limiter.Report(_desk.Now).Budgets.SelectMany(budget => budget.Meters)
        .Where(meter => meter.Dimension == Dimension.Tokens).Select(meter => meter.Capacity * 0.9).DefaultIfEmpty(double.PositiveInfinity).Min();

    private double Seconds => (_time.GetUtcNow() - new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)).TotalSeconds;

    /// <summary>Foresees a run, makes it, and tells both.</summary>
    public (RunForeseen Foreseen, double TrueSeconds) Run()
    {
        At(0, Look);
        Call(12);
        Play(() => Seconds >= WarmUpSeconds);
        var caller = new Caller("acme", null, _random.Next(3) == 0 ? Priority.Interactive : Priority.Standard, "flow", null, "run-1");
        var steps = new List<PlannedStep>();
        for (var count = _random.Next(1, 5); steps.Count < count;)
        {
            var calls = (int)Math.Exp(Between(0, Math.Log(80)));
            var atOnce = _random.Next(3) switch { 0 => 1, 1 => Math.Min(calls, 5), _ => calls };
            var (input, output) = (_input * Between(0.5, 2), _output * Between(0.5, 2));
            steps.Add(new PlannedStep(caller, calls, atOnce, PlanOf(new(input, output)), FactsOf(), output));
        }

        Story += $", {caller.Priority}: {string.Join(", ", steps.Select(step => $"{step.Calls} by {step.AtOnce}"))}";
        var foreseen = _preflight.Foresee(steps);
        var begun = Seconds;
        var isOver = false;
        Begin(steps, 0, caller, () => isOver = true);
        Play(() => isOver || Seconds > begun + LongestSeconds);
        return (foreseen, Seconds - begun);
    }

    public void Dispose() => _watch.Dispose();

    private void Load(double perSecond)
    {
        var use = _random.Next(5) switch { 0 => 0, 1 => 0.3, 2 => 0.6, 3 => 0.85, _ => 1.3 };
        var tenants = new[] { "globex", "initech", "acme" }.Take(_random.Next(1, 4)).ToArray();
        Story = $"{_kind}, {60 * perSecond:0} a minute, {use:P0} taken by {tenants.Length}";
        foreach (var tenant in tenants)
        {
            var caller = new Caller(tenant, null, Priority.Standard, null, null, null);
            if (use > 1)
            {
                // Agents that call again as soon as they have an answer.
                for (var agent = 0; agent < Math.Max(1, 3 * perSecond * AnswerSeconds(_output) / tenants.Length); agent++)
                {
                    At(Between(0, 20), () => Again(caller));
                }
            }
            else if (use > 0)
            {
                Arrive(caller, perSecond * use / tenants.Length);
            }
        }
    }

    private void Again(Caller caller) => Ask(caller, _input, _output, () => At(Seconds + 0.1, () => Again(caller)));

    private void Arrive(Caller caller, double perSecond) => At(Seconds - (Math.Log(1 - _random.NextDouble()) / perSecond), () =>
    {
        Ask(caller, _input, _output, () => { });
        Arrive(caller, perSecond);
    });

    // What is known of answers beforehand.
    private void Call(int times) => Ask(new Caller("acme", null, Priority.Standard, null, null, null), _input, _output, () =>
    {
        if (times > 1)
        {
            Call(times - 1);
        }
    });

    private void Begin(List<PlannedStep> steps, int index, Caller caller, Action over)
    {
        if (index == steps.Count)
        {
            over();
            return;
        }

        var (step, begun, ended) = (steps[index], 0, 0);
        while (begun < step.AtOnce)
        {
            Next();
        }

        void Next()
        {
            begun++;
            Ask(caller, step.Plan.Estimate(0).InputTokens, step.Output, () =>
            {
                if (++ended == step.Calls)
                {
                    Begin(steps, index + 1, caller, over);
                }
                else if (begun < step.Calls)
                {
                    Next();
                }
            });
        }
    }

    private void Ask(Caller caller, double input, double output, Action ended)
    {
        // No call is larger than a whole limit.
        (input, output) = (input * Spread(), output * Spread());
        var size = Math.Min(1, Fits / (input + output));
        var usage = new TokenUsage((long)Math.Ceiling(input * size), (long)Math.Ceiling(output * size));
        var plan = PlanOf(new(usage.InputTokens, usage.OutputTokens));
        Ask(caller, new AdmissionRequest(_route.Name, caller.Tenant, caller.User, caller.Priority, plan.Consumer, plan.Charges)
        {
            Sizes = plan.Sizes,
            Caller = _random.NextInt64(),
            IsIdentified = true,
        }, plan, usage, TimeSpan.Zero, ended);
    }

    private void Ask(Caller caller, AdmissionRequest request, CallPlan plan, TokenUsage usage, TimeSpan waited, Action ended)
    {
        var call = EmbeddedLimiter.CallOf(request);
        call.Tag = new Action(() => Decided(call, caller, request, plan, usage, waited, ended));
        if (_limiter.Submit(call, _desk.Now) != CallState.Waiting)
        {
            ((Action)call.Tag)();
        }
    }

    private void Decided(Call call, Caller caller, AdmissionRequest request, CallPlan plan, TokenUsage usage, TimeSpan waited, Action ended)
    {
        if (call.State != CallState.Admitted)
        {
            // It comes back when it was told to.
            var back = call.Refusal!.RetryAt - call.SubmittedAt;
            At(Seconds + (call.Refusal.RetryAt - _desk.Now).TotalSeconds, () => Ask(caller, request with { IsBack = true }, plan, usage, waited + back, ended));
            return;
        }

        var admittedAt = Seconds;
        waited += call.Reservation.TakenAt - call.SubmittedAt;
        _ledger.Take(request, _route.Deployments[call.Place].Name);
        _tallies.Of(caller.Tenant).Admit(plan.Consumer.Tokens);
        At(Seconds + (AnswerSeconds(usage.OutputTokens) * Math.Exp(0.2 * Normal())), () =>
        {
            _limiter.Observe(call.Reservation, new Observation(OutcomeKind.Success), _desk.Now);
            _limiter.Settle(call.Reservation, plan.SettlementOf(call.Place, OutcomeKind.Success, usage, null), _desk.Now);
            _pace.Record(new UsageRecord(
                _time.GetUtcNow(), caller, _route.Name, Operation.ChatCompletions, _route.Deployments[call.Place].Name, 200, usage, null, waited,
                waited + TimeSpan.FromSeconds(Seconds - admittedAt), 1));
            ended();
        });
    }

    private void Look()
    {
        _watch.Look();
        At(Seconds + 1, Look);
    }

    private void Play(Func<bool> isOver)
    {
        while (!isOver())
        {
            var wake = _limiter.NextWake;
            var next = _events.TryPeek(out _, out var due) ? due.At : double.PositiveInfinity;
            var woken = wake.IsKnown ? Seconds + Math.Max(0.001, (wake - _desk.Now).TotalSeconds) : double.PositiveInfinity;
            _time.Advance(TimeSpan.FromSeconds(Math.Max(0, Math.Min(next, woken) - Seconds)));
            if (woken < next)
            {
                _limiter.Advance(_desk.Now);
            }
            else
            {
                _events.Dequeue()();
            }

            while (_limiter.TryTakeReleased(out var call))
            {
                ((Action)call.Tag!)();
            }
        }
    }

    private void At(double seconds, Action happens) => _events.Enqueue(happens, (seconds, _order++));

    private static RequestFacts FactsOf() => new(Operation.ChatCompletions, "gpt-x", 0, 0, false, null, 1, 0, 0);

    private CallPlan PlanOf(in (double Input, double Output) tokens) =>
        CallPlan.Of(_route, FactsOf(), new TokenEstimate((long)Math.Ceiling(tokens.Input), (long)Math.Ceiling(tokens.Output)));

    private double AnswerSeconds(double output) => _baseSeconds + (_secondsPerToken * output);

    private double Between(double low, double high) => low + ((high - low) * _random.NextDouble());

    private double Normal() => Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble());

    // A mean of one.
    private double Spread()
    {
        var variance = Math.Log(1 + (UsualSpread * UsualSpread));
        return Math.Exp((Math.Sqrt(variance) * Normal()) - (variance / 2));
    }

    /// <summary>The core's limiter as what asks it for forecasts sees it.</summary>
    private sealed class Desk(Limiter limiter, SteadyClock clock) : ILimiter
    {
        public Instant Now => clock.Now;

        public Instant Foresee(AdmissionRequest request) => limiter.Foresee(EmbeddedLimiter.CallOf(request), Now, request.Ahead);

        public LimiterReport Report() => limiter.Report(Now);

        public ValueTask<AdmissionResult> AdmitAsync(AdmissionRequest request, CancellationToken cancellationToken) => throw new NotSupportedException();

        public void Observe(Reservation reservation, Observation observation) => throw new NotSupportedException();

        public void Settle(Reservation reservation, in Settlement settlement) => throw new NotSupportedException();

        public void Leave(Reservation reservation) => throw new NotSupportedException();

        public bool CoolDown(string scope, Instant until) => throw new NotSupportedException();
    }
}
