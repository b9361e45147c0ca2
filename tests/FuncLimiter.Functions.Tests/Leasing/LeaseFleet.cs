using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Functions.Entities;
using FuncLimiter.Functions.Leasing;
using FuncLimiter.Functions.Tests.Harness;
using FuncLimiter.Functions.Tests.World;
using FuncLimiter.Gateway.Calls.Admission;
using Microsoft.Extensions.DependencyInjection;

namespace FuncLimiter.Functions.Tests.Leasing;

/// <summary>How a fleet calls.</summary>
internal sealed record FleetSetup
{
    public int Instances { get; init; } = 1;

    /// <summary>Callers at each instance, each with one call at a time.</summary>
    public int Callers { get; init; } = 60;

    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>What a call is charged, in tokens.</summary>
    public long Tokens { get; init; } = 500;

    public TimeSpan CallTime { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>How often an instance dies and another takes its place.</summary>
    public TimeSpan? DeathEvery { get; init; }

    public TimeSpan EntityDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    public double Redelivery { get; init; }

    public int Seed { get; init; } = 1;

    /// <summary>When owners can't be reached; null for never.</summary>
    public OwnerOutage? Outage { get; init; }

    /// <summary>When counting begins; from a cold start on by default, what the provider lets through at once then included.</summary>
    public TimeSpan WarmUp { get; init; }
}

/// <summary>Instances of the app under load, each with its own leases of budgets that entities own.</summary>
internal sealed class LeaseFleet
{
    private const double RequestsPerSecond = 1_000;
    private const double TokensPerSecond = 600_000;
    private const double BurstSeconds = 2;
    private const string Configuration = """
        {
          "accounts": [{ "id": "one", "provider": "openai", "apiKey": "${KEY}",
            "models": [{ "model": "gpt-x", "limits": { "rpm": 60000, "tpm": 36000000, "burstSeconds": 2 } }] }],
          "queue": { "maxWaitSeconds": { "standard": 20 } }
        }
        """;

    private static readonly Observation Accepted = new(OutcomeKind.Success);

    private readonly FleetSetup _setup;
    private readonly DeadLeases _dead;
    private readonly AppWorld _world;
    private readonly CountingProvider _provider;
    private readonly DateTimeOffset _end;
    private readonly List<DateTimeOffset> _sent = [];
    private readonly List<(DateTimeOffset At, Refusal Refusal)> _refusals = [];
    private long _before;
    private long _begun;
    private int _operationsBefore;

    private LeaseFleet(FleetSetup setup, AppWorld world)
    {
        (_setup, _world) = (setup, world);
        _provider = new CountingProvider(world.Time, RequestsPerSecond, TokensPerSecond, BurstSeconds);
        _dead = new DeadLeases(world, "account:one", "deployment:one/gpt-x", setup.EntityDelay / 2);
        _end = world.Time.GetUtcNow() + setup.Duration;
    }

    /// <summary>What came of it.</summary>
    public FleetResult Result => new(
        _provider.Calls,
        _provider.Overdrawn,
        (_provider.Calls - _before) / Possible,
        1 - (_dead.Units / Possible),
        (_world.Hub.EntityOperations - _operationsBefore) * 1000.0 / Math.Max(1, _provider.Calls - _before))
    {
        Sent = _sent,
        Refusals = _refusals,
    };

    private double Possible => RequestsPerSecond
        * ((_setup.Duration - _setup.WarmUp).TotalSeconds + (_setup.WarmUp == TimeSpan.Zero ? BurstSeconds : 0));

    public static FleetResult Run(FleetSetup setup)
    {
        LeaseFleet? fleet = null;
        AppWorld.Run(
            world => (fleet = new LeaseFleet(setup, world)).RunAsync(),
            new HubOptions { Workers = setup.Instances, EntityDelay = setup.EntityDelay, Redelivery = setup.Redelivery, Seed = setup.Seed },
            Configuration);
        return fleet!.Result;
    }

    private async Task RunAsync()
    {
        foreach (var instance in _world.Hub.Workers.ToArray())
        {
            Begin(instance);
        }

        _world.Time.At(_end - _setup.Duration + _setup.WarmUp, () =>
        {
            (_before, _operationsBefore) = (_provider.Calls, _world.Hub.EntityOperations);
            _dead.Count(_end);
        });
        var chance = new Random(_setup.Seed);
        while (_world.Time.GetUtcNow() < _end)
        {
            var left = _end - _world.Time.GetUtcNow();
            await Task.Delay(_setup.DeathEvery < left ? _setup.DeathEvery.Value : left, _world.Time);
            if (_setup.DeathEvery is not null)
            {
                var place = chance.Next(_world.Hub.Workers.Count);
                _dead.Died(_world.Hub.Workers[place]);
                _world.Hub.Crash(_world.Hub.Workers[place]);
                Begin(_world.Hub.Workers[place]);
            }
        }
    }

    private void Begin(Worker instance)
    {
        instance.Services.GetRequiredService<DurableClientSource>().Use(_world.Hub.Client(instance));
        var limiter = instance.Services.GetRequiredService<EmbeddedLimiter>();
        var owners = _dead.Watch(instance, instance.Services.GetRequiredService<ILeaseOwners>());
        if (_setup.Outage is { } outage)
        {
            owners = new OwnersOutOfReach(owners, _world.Time, outage, instance.Services.GetRequiredService<LeaseSource>().Policy.AnswerWithin);
        }

        var renewal = new LeaseRenewal(limiter, owners, _world.Time, (_, failure) => Assert.True(_setup.Outage is not null, failure.ToString()));
        _ = renewal.RunAsync(CancellationToken.None);
        for (var caller = 0; caller < _setup.Callers; caller++)
        {
            _ = CallAsync(instance, limiter, $"tenant-{caller % 3}");
        }
    }

    private async Task CallAsync(Worker instance, EmbeddedLimiter limiter, string tenant)
    {
        var charge = new Charge(1, _setup.Tokens, 0, 0, 0);
        var call = ++_begun;
        while (instance.IsAlive && _world.Time.GetUtcNow() < _end)
        {
            var admission = await limiter.AdmitAsync(new AdmissionRequest("gpt-x", tenant, null, Priority.Standard, charge, [charge]) { Caller = call }, CancellationToken.None);
            if (admission.Reservation is not { } reservation)
            {
                // It tries the same call again, and does not heed the time told.
                _refusals.Add((_world.Time.GetUtcNow(), admission.Refusal!));
                await Task.Delay(TimeSpan.FromSeconds(1), _world.Time);
                continue;
            }

            // From its death on an instance sends nothing.
            if (!instance.IsAlive || _world.Time.GetUtcNow() >= _end)
            {
                return;
            }

            _sent.Add(_world.Time.GetUtcNow());
            _provider.Take(_setup.Tokens);
            await Task.Delay(_setup.CallTime, _world.Time);
            limiter.Observe(reservation, Accepted);
            limiter.Settle(reservation, new Settlement(charge, charge));
            call = ++_begun;
        }
    }
}

/// <summary>What came of a fleet's calls.</summary>
/// <param name="Calls">How many went out.</param>
/// <param name="Overdrawn">How far the provider's buckets were ever below zero.</param>
/// <param name="Utilization">What went out over what the provider would have let through in that time.</param>
/// <param name="Bound">The same for what could have gone out at most, with what leases of dead instances held.</param>
/// <param name="OperationsPerThousand">Operations of entities per 1,000 calls that went out.</param>
internal sealed record FleetResult(long Calls, double Overdrawn, double Utilization, double Bound, double OperationsPerThousand)
{
    /// <summary>When each call went out.</summary>
    public IReadOnlyList<DateTimeOffset> Sent { get; init; } = [];

    /// <summary>What was refused, and when.</summary>
    public IReadOnlyList<(DateTimeOffset At, Refusal Refusal)> Refusals { get; init; } = [];

    /// <summary>How many went out in a time after the start.</summary>
    public int SentFrom(TimeSpan from, TimeSpan until) =>
        Sent.Count(at => at >= SimulatedTime.Start + from && at < SimulatedTime.Start + until);

    public override string ToString() => FormattableString.Invariant(
        $"{Calls} calls, {Utilization:P1} used of {Bound:P1} possible, {OperationsPerThousand:0.0} operations for 1,000 calls, overdrawn by {Overdrawn:0}");
}
