using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Calls.Routes;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Providers;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.WhatIf.Virtual;

namespace FuncLimiter.WhatIf.Planning;

/// <summary>
/// A day of the teams' work as a fluid, from an empty midnight on: what comes in each step, what the limits let out by weighted max-min
/// share, what waits into the next hours, and what is given up.
/// </summary>
internal sealed class FluidDay
{
    public const double StepSeconds = 10;
    private const int StepsPerDay = (int)(24 * 3600 / StepSeconds);
    private readonly Volumes _volumes;
    private readonly Dictionary<string, IReadOnlyList<FluidMeter>> _meters = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IReadOnlyList<FluidMeter>> _tenants = new(StringComparer.Ordinal);
    private readonly List<FluidQueue> _queues = [];
    private readonly List<FluidFlow> _flows = [];
    private readonly List<FluidPool> _pools = [];
    private readonly FluidMeter[] _all;

    private FluidDay(Volumes volumes, bool usesBatch)
    {
        _volumes = volumes;
        var configuration = volumes.Configuration;
        foreach (var account in configuration.Accounts)
        {
            var shared = Meters(account.Limits);
            foreach (var model in account.Models)
            {
                _meters.Add($"{account.Id}/{model.Model}", [.. Meters(model.Limits), .. shared]);
            }
        }

        foreach (var tenant in configuration.Tenants)
        {
            _tenants.Add(tenant.Id, Meters(tenant.Limits));
            foreach (var (model, limits) in tenant.ModelLimits)
            {
                _tenants.Add(TenantSpec.BudgetOf(tenant.Id, model), Meters(limits));
            }
        }

        var routes = new RouteTable(configuration, ProviderCatalog.Get);
        foreach (var work in volumes.Work)
        {
            AddFlows(work, routes, usesBatch);
        }

        Join(configuration);
        _all = [.. _meters.Values.SelectMany(meters => meters).Concat(_tenants.Values.SelectMany(meters => meters)).Distinct()];
    }

    /// <summary>The limits of each deployment, its account's included.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<FluidMeter>> Meter => _meters;

    /// <summary>What became of each tenant's calls of each class.</summary>
    public IReadOnlyList<FluidQueue> Queues => _queues;

    /// <summary>Calls that wait at the end of the day.</summary>
    public double Backlog => _flows.Sum(flow => flow.Backlog);

    /// <summary>Lets a day go by.</summary>
    /// <param name="volumes">Who calls what.</param>
    /// <param name="usesBatch">Whether what may go to batch services does.</param>
    /// <param name="onProgress">Told how much of it has gone by, 0 to 1.</param>
    public static FluidDay Run(Volumes volumes, bool usesBatch, Action<double>? onProgress = null)
    {
        var day = new FluidDay(volumes, usesBatch);
        for (var step = 0; step < StepsPerDay; step++)
        {
            day.Step(step);
            if (step % (StepsPerDay / 24) == 0)
            {
                onProgress?.Invoke((double)step / StepsPerDay);
            }
        }

        return day;
    }

    private void Step(int step)
    {
        var hour = (int)(step * StepSeconds / 3600);
        foreach (var meter in _all)
        {
            meter.Refill(step == 0 ? 0 : StepSeconds);
        }

        var waiting = Backlog;
        foreach (var flow in _flows)
        {
            var calls = flow.Work.CallsByHour[hour] * flow.Share * StepSeconds / 3600;
            flow.Queue.Hours[hour].Calls += calls;
            if (waiting < _volumes.Configuration.Queue.MaxWaiting)
            {
                flow.Arrive(step, calls);
            }
            else
            {
                flow.Queue.Hours[hour].Refused += calls;
            }

            foreach (var (came, lost) in flow.GiveUp(step, StepSeconds))
            {
                flow.Queue.Hours[(int)(came * StepSeconds / 3600)].Refused += lost;
            }
        }

        foreach (var pool in _pools)
        {
            pool.Serve(step, hour);
        }
    }

    private void AddFlows(WorkGroup work, RouteTable routes, bool usesBatch)
    {
        if (!routes.TryGet(work.Route, out var route))
        {
            throw new ArgumentException($"There is no route '{work.Route}'.", nameof(work));
        }

        var queue = _queues.Find(known => known.Tenant == work.Tenant && known.Priority == work.Priority);
        if (queue is null)
        {
            _queues.Add(queue = new FluidQueue(work.Tenant, work.Priority, _volumes.WeightOf(work.Tenant), _tenants.GetValueOrDefault(work.Tenant, [])));
        }

        var targets = _volumes.Configuration.Routes.First(known => known.Model == route.Name).Targets.Count;
        var closed = route.Closed(Operation.ChatCompletions) | routes.ClosedTo(work.Tenant, route);
        var places = route.Deployments
            .Select((deployment, place) => (deployment, place))
            .Where(pair => (closed >> pair.place & 1) == 0)
            .Select(pair => new FluidPlace(
                pair.deployment.Name,
                _meters[pair.deployment.Name],
                CallDemand.Of(work, pair.deployment, _volumes.Latency),
                pair.place < targets ? 0 : pair.place,
                (route.Smaller >> pair.place & 1) != 0))
            .ToList();
        var patience = _volumes.PatienceOf(work).TotalSeconds;
        var live = usesBatch ? 1 - work.BatchShare : 1;
        var simple = route.Smaller == 0 ? 0 : work.SimpleShare;
        IReadOnlyList<FluidMeter> own = [.. queue.Meters, .. _tenants.GetValueOrDefault(TenantSpec.BudgetOf(work.Tenant, route.Name), [])];
        _flows.Add(new FluidFlow(work, queue, [.. places.Where(place => !place.IsSmaller)], live * (1 - simple), false, patience) { Own = own });
        if (simple > 0)
        {
            _flows.Add(new FluidFlow(work, queue, places, live * simple, true, patience) { Own = own });
        }
    }

    // Flows that share a limit compete: one pool for each connected part, as the limiter has them.
    private void Join(GatewayConfiguration configuration)
    {
        var queue = configuration.Queue;
        var parts = new List<(HashSet<string> Accounts, List<FluidFlow> Flows)>();
        foreach (var route in configuration.Routes)
        {
            var accounts = route.Places.Select(name => name[..name.IndexOf('/', StringComparison.Ordinal)]).ToHashSet(StringComparer.Ordinal);
            var flows = _flows.Where(flow => flow.Work.Route == route.Model).ToList();
            foreach (var part in parts.Where(part => part.Accounts.Overlaps(accounts)).ToList())
            {
                accounts.UnionWith(part.Accounts);
                flows.AddRange(part.Flows);
                parts.Remove(part);
            }

            parts.Add((accounts, flows));
        }

        _pools.AddRange(parts.Where(part => part.Flows.Count > 0).Select(part => new FluidPool(
            part.Flows, [0, queue.StandardFloor, queue.BackgroundFloor], StepSeconds, configuration.Alerts.ActAt)));
    }

    private static FluidMeter[] Meters(IReadOnlyList<Limit> limits) => [.. limits.Select(limit => new FluidMeter(limit, StepSeconds))];
}
