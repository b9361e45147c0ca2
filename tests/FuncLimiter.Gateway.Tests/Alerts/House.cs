using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Calls.Headers;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Operations;
using FuncLimiter.Gateway.Operations.Alerts;
using FuncLimiter.Gateway.Operations.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;

namespace FuncLimiter.Gateway.Tests.Alerts;

/// <summary>A limiter with its watch and its alerts, in virtual time: one deployment of 60,000 tokens in any minute, a thousand a second.</summary>
internal sealed class House : IDisposable
{
    public const string Budget = "deployment:openai-1/gpt-x";

    private readonly VirtualTime _time = new();
    private readonly EmbeddedLimiter _limiter;
    private readonly ObservedLimiter _observed;
    private readonly GatewayMetrics _metrics;
    private readonly Watch _watch;
    private readonly List<CallUnderWay> _underWay = [];
    private DateTimeOffset _nextLook;

    public House(LimitAlgorithm algorithm = LimitAlgorithm.Sliding)
    {
        var configuration = new GatewayConfiguration
        {
            Accounts =
            [
                new("openai-1", "openai", null, new Uri("http://127.0.0.1:1"), "key", [],
                    [new("gpt-x", [new Limit(Dimension.Tokens, 60_000, TimeSpan.FromMinutes(1), algorithm) { BurstSeconds = 10 }], null)]),
            ],
            Routes = [new("gpt-x", ["openai-1/gpt-x"], [])],
        };
        _limiter = new EmbeddedLimiter(LimiterSpecs.From(configuration, isDurable: false), _time);
        var routes = new RouteTargets(configuration);
        var ledger = new ConsumerLedger(routes, _time);
        var tallies = new TenantTallies();
        _metrics = new GatewayMetrics(configuration);
        _observed = new ObservedLimiter(_limiter, new CallFeed(_time), _metrics, tallies, ledger, routes);
        var engine = new AlertEngine(configuration, ledger, routes, Board, new ControlDesk(_limiter));
        engine.Changed += Notices.Add;
        _watch = new Watch(_limiter, configuration, tallies, engine, _time, NullLogger<Watch>.Instance);
        Start = _nextLook = _time.GetUtcNow();
    }

    public DateTimeOffset Start { get; }

    public AlertBoard Board { get; } = new();

    public List<AlertNotice> Notices { get; } = [];

    public double Seconds => (_time.GetUtcNow() - Start).TotalSeconds;

    /// <summary>Lets time pass in small steps; what is due happens, and the watch looks every second.</summary>
    public async Task PassAsync(double seconds, Action<double>? everyTenth = null)
    {
        var end = Seconds + seconds;
        while (Seconds < end - 1e-6)
        {
            everyTenth?.Invoke(Seconds);
            await EndAnsweredAsync();
            _time.Advance(TimeSpan.FromMilliseconds(100));
            if (_time.GetUtcNow() >= _nextLook)
            {
                _nextLook += TimeSpan.FromSeconds(1);
                _watch.Look();
            }

            await EndAnsweredAsync();
        }
    }

    /// <summary>Asks for a call that is over at once; tells how long it waited, or null where it was refused.</summary>
    public void Call(string tenant, string? user, int tokens, Action<TimeSpan?>? ended = null, Priority priority = Priority.Standard, string? workflow = null, string? run = null)
    {
        var charge = new Charge(1, tokens, tokens, 0, 1);
        var request = new AdmissionRequest("gpt-x", tenant, user, priority, charge, [charge]) { Workflow = workflow, Run = run };
        _underWay.Add(new(_observed.AdmitAsync(request, CancellationToken.None).AsTask(), charge, ended));
    }

    public void Dispose()
    {
        _limiter.Dispose();
        _metrics.Dispose();
        _watch.Dispose();
    }

    // Whose turn it was is told by a thread of the pool, that may be late: all of them are ended now, one after the other, as they asked.
    private async Task EndAnsweredAsync()
    {
        while (true)
        {
            foreach (var call in _underWay.Where(call => call.Admission.IsCompleted).ToArray())
            {
                _underWay.Remove(call);
                End(call, await call.Admission);
            }

            if (_underWay.Count == _limiter.Report().Waiting)
            {
                return;
            }

            await Task.Yield();
        }
    }

    private void End(CallUnderWay call, AdmissionResult result)
    {
        call.Ended?.Invoke(result.Refusal is null ? result.Waited : null);
        if (result.Reservation is { } reservation)
        {
            var charge = call.Charge with { Concurrent = 0 };
            _observed.Observe(reservation, new Observation(OutcomeKind.Success));
            _observed.Settle(reservation, new Settlement(charge, charge));
        }
    }

    private sealed record CallUnderWay(Task<AdmissionResult> Admission, Charge Charge, Action<TimeSpan?>? Ended);
}
