using System.Diagnostics;
using System.Globalization;
using FuncLimiter.Benchmarks.Measuring;
using FuncLimiter.Core;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Benchmarks.Scheduling;

/// <summary>
/// A limiter under overload, in virtual time: so many calls of so many tenants wait, one goes out with every step of the clock, is settled,
/// and asks again.
/// </summary>
internal sealed class Backlog
{
    public const string CpuNanoseconds = "CPU ns each";
    private const int Batch = 256;
    private const string Route = "route";
    private const int PerSecond = 100;
    private readonly Limiter _limiter;
    private Instant _now = new(TimeSpan.FromDays(740_000).Ticks);

    public Backlog(int waiting, int tenants)
    {
        (Waiting, Tenants) = (waiting, tenants);
        var patience = TimeSpan.FromDays(100);
        var limit = new Limit(Dimension.Requests, 60 * PerSecond, TimeSpan.FromMinutes(1), LimitAlgorithm.Bucket) { BurstSeconds = 1 };
        _limiter = new(new LimiterSpec
        {
            Accounts = [new("account", [])],
            Deployments = [new("account/model", "account", [limit])],
            Routes = [new(Route, ["account/model"], [])],
            Tenants = [.. Enumerable.Range(0, tenants).Select(number => new TenantSpec(Name(number), 1, [], []))],
            Queue = new() { MaxWait = [patience, patience, patience], MaxWaiting = 2 * (waiting + 1) },
        });
        for (var number = 0; _limiter.Waiting < waiting; number++)
        {
            Submit(new() { Route = Route, Tenant = Name(number % tenants), Consumer = new(1, 0, 0, 0, 0), Provider = [new(1, 0, 0, 0, 0)] });
        }
    }

    public int Waiting { get; }

    public int Tenants { get; }

    public Contender ToContender() =>
        new(string.Create(CultureInfo.InvariantCulture, $"{Waiting:#,0} waiting, {Tenants:#,0} tenants"), "", time => Task.Run(() => Run(time)));

    private static string Name(int number) => number.ToString(CultureInfo.InvariantCulture);

    private IReadOnlyList<Sample> Run(TimeSpan time)
    {
        var processorBefore = Environment.CpuUsage.TotalTime;
        var start = Stopwatch.GetTimestamp();
        var served = 0L;
        TimeSpan elapsed;
        do
        {
            for (var i = 0; i < Batch; i++)
            {
                ServeOne();
            }

            served += Batch;
            elapsed = Stopwatch.GetElapsedTime(start);
        }
        while (elapsed < time);

        var processor = Environment.CpuUsage.TotalTime - processorBefore;
        return [new("decisions/s", served / elapsed.TotalSeconds), new(CpuNanoseconds, processor.TotalNanoseconds / served)];
    }

    private void ServeOne()
    {
        _now = Instant.Max(_now, _limiter.NextWake.IsKnown ? _limiter.NextWake : _now);
        _limiter.Advance(_now);
        var served = 0;
        while (_limiter.TryTakeReleased(out var call))
        {
            if (call.State != CallState.Admitted)
            {
                throw new InvalidOperationException($"A call was {call.State} instead of admitted: {call.Refusal}.");
            }

            served++;
            _limiter.Settle(call.Reservation, new(call.Reservation.Provider, call.Reservation.Consumer), _now);
            Submit(call);
        }

        if (served != 1 || _limiter.Waiting != Waiting)
        {
            throw new InvalidOperationException($"{served} calls went out in one step instead of 1, and {_limiter.Waiting} wait.");
        }
    }

    private void Submit(Call call)
    {
        if (_limiter.Submit(call, _now) == CallState.Refused)
        {
            throw new InvalidOperationException($"A call was refused: {call.Refusal}.");
        }
    }
}
