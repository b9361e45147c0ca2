using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Estimation;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Routes;
using FuncLimiter.Providers;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Simulation.Virtual;
using FuncLimiter.WhatIf.Virtual;

namespace FuncLimiter.WhatIf.Planning;

/// <summary>What the teams ask of each deployment in each hour if nobody had to wait: everything goes to the routes' targets.</summary>
internal sealed class Load
{
    private readonly Dictionary<string, LoadHour[]> _hours = new(StringComparer.Ordinal);

    private Load(Volumes volumes)
    {
        foreach (var account in volumes.Configuration.Accounts)
        {
            foreach (var model in account.Models)
            {
                _hours.Add($"{account.Id}/{model.Model}", new LoadHour[WorkGroup.HoursPerDay]);
            }
        }
    }

    /// <summary>The load by hour, by deployment.</summary>
    public IReadOnlyDictionary<string, LoadHour[]> Hours => _hours;

    /// <summary>What each work costs at its first target, in seconds of refill a call.</summary>
    public Dictionary<WorkGroup, double> CostSeconds { get; } = [];

    /// <summary>Works the load out.</summary>
    /// <param name="volumes">Who calls what.</param>
    /// <param name="share">The part of each work that counts, 0 to 1.</param>
    public static Load Of(Volumes volumes, Func<WorkGroup, double> share)
    {
        var load = new Load(volumes);
        var routes = new RouteTable(volumes.Configuration, ProviderCatalog.Get);
        var limits = volumes.Configuration.Accounts
            .SelectMany(account => account.Models.Select(model => (Name: $"{account.Id}/{model.Model}", Limits: model.Limits.Concat(account.Limits))))
            .ToDictionary(pair => pair.Name, pair => pair.Limits.Select(limit => new FluidMeter(limit, FluidDay.StepSeconds)).ToList());
        foreach (var work in volumes.Work)
        {
            if (routes.TryGet(work.Route, out var route))
            {
                load.Add(work, share(work), Targets(volumes, work, routes, route, limits));
            }
        }

        return load;
    }

    private static List<FluidPlace> Targets(
        Volumes volumes, WorkGroup work, RouteTable routes, Gateway.Calls.Routes.Route route, Dictionary<string, List<FluidMeter>> limits)
    {
        var count = volumes.Configuration.Routes.First(known => known.Model == route.Name).Targets.Count;
        var closed = route.Closed(Operation.ChatCompletions) | routes.ClosedTo(work.Tenant, route);
        var open = route.Deployments.Where((_, place) => (closed >> place & 1) == 0).ToList();
        var targets = route.Deployments.Take(count).Where((_, place) => (closed >> place & 1) == 0).ToList();
        return [.. (targets.Count > 0 ? targets : open.Take(1)).Select(deployment => new FluidPlace(
            deployment.Name, limits[deployment.Name], CallDemand.Of(work, deployment, volumes.Latency), 0, false))];
    }

    // Calls go to the target that has room, so each target's share is in proportion to what it lets through.
    private void Add(WorkGroup work, double share, List<FluidPlace> targets)
    {
        if (targets.Count == 0)
        {
            return;
        }

        CostSeconds[work] = targets[0].CostSeconds;
        var whole = targets.Sum(target => 1 / target.CostSeconds);
        foreach (var target in targets)
        {
            var part = share / target.CostSeconds / whole;
            var hours = _hours[target.Name];
            for (var hour = 0; hour < hours.Length; hour++)
            {
                var perSecond = work.CallsByHour[hour] * part / 3600;
                hours[hour] = new LoadHour(hours[hour].PerSecond + (target.Demand.Mean * perSecond), hours[hour].SquarePerSecond + (target.Demand.MeanSquare * perSecond));
            }
        }
    }
}

/// <summary>One hour's load.</summary>
/// <param name="PerSecond">What is asked for in a second on average.</param>
/// <param name="SquarePerSecond">The variance of that, for calls that come at random.</param>
internal readonly record struct LoadHour(Amounts PerSecond, Amounts SquarePerSecond);

/// <summary>Amounts by dimension, of parts of calls too. Calls at once are held seconds; money is in billionths of a US dollar.</summary>
internal readonly record struct Amounts(double Requests, double Tokens, double InputTokens, double OutputTokens, double HeldSeconds, double Cost)
{
    public double this[Dimension dimension] => dimension switch
    {
        Dimension.Requests => Requests,
        Dimension.Tokens => Tokens,
        Dimension.InputTokens => InputTokens,
        Dimension.OutputTokens => OutputTokens,
        Dimension.Concurrent => HeldSeconds,
        _ => Cost,
    };

    public static Amounts operator +(in Amounts left, in Amounts right) => new(
        left.Requests + right.Requests,
        left.Tokens + right.Tokens,
        left.InputTokens + right.InputTokens,
        left.OutputTokens + right.OutputTokens,
        left.HeldSeconds + right.HeldSeconds,
        left.Cost + right.Cost);

    public static Amounts operator *(in Amounts amounts, double times) => new(
        amounts.Requests * times,
        amounts.Tokens * times,
        amounts.InputTokens * times,
        amounts.OutputTokens * times,
        amounts.HeldSeconds * times,
        amounts.Cost * times);

    /// <summary>Each amount with itself.</summary>
    public Amounts Squared() => new(
        Requests * Requests, Tokens * Tokens, InputTokens * InputTokens, OutputTokens * OutputTokens, HeldSeconds * HeldSeconds, Cost * Cost);
}

/// <summary>What one call of some work takes at one deployment on average, by the provider's own charging rule.</summary>
/// <param name="Mean">The mean charge.</param>
/// <param name="MeanSquare">The mean of its square: what makes minutes differ.</param>
/// <param name="Consumer">The mean charge of the tenant.</param>
/// <param name="CostUsd">The mean cost in US dollars; null where there is no price.</param>
/// <param name="BatchCostUsd">The same through the batch service.</param>
internal sealed record CallDemand(Amounts Mean, Amounts MeanSquare, Amounts Consumer, double? CostUsd, double? BatchCostUsd)
{
    private const int Samples = 2_000;
    private const int BytesPerToken = 4;
    private const double NanoPerUsd = 1e9;

    /// <summary>The mean over a fixed sample of calls: charges are no linear function of tokens.</summary>
    public static CallDemand Of(WorkGroup work, Deployment deployment, Latency latency)
    {
        var chance = new Chance(1);
        var (input, output) = (new TokenSpread(work.InputTokens, work.Spread), new TokenSpread(work.OutputTokens, work.Spread));
        Amounts mean = default, square = default, consumer = default;
        double cost = 0, batch = 0;
        for (var i = 0; i < Samples; i++)
        {
            var used = output.At(chance.Normal());
            var usage = new TokenUsage(input.At(chance.Normal()), work.MaxOutputTokens is { } most ? Math.Min(most, used) : used);
            var facts = new RequestFacts(
                Operation.ChatCompletions, deployment.Target.Model, 0, 0, false, work.MaxOutputTokens, 1, (int)(usage.InputTokens * BytesPerToken), 0);
            var start = deployment.Provider.ChargeAtStart(facts, new TokenEstimate(usage.InputTokens, usage.OutputTokens));
            var end = deployment.Provider.ChargeAtEnd(facts, start, usage, OutcomeKind.Success);
            var charge = new Amounts(end.Requests, end.Tokens, end.InputTokens, end.OutputTokens, latency.Of(usage.OutputTokens).TotalSeconds, 0);
            var usd = deployment.Price is { } price ? (double)CallCost.Of(price, usage).TotalUsd : 0;
            mean += charge;
            square += charge.Squared();
            consumer += new Amounts(1, usage.TotalTokens, usage.InputTokens, usage.OutputTokens, charge.HeldSeconds, usd * NanoPerUsd);
            cost += usd;
            batch += deployment.Price is { } cheaper ? (double)CallCost.Of(cheaper, usage, isBatch: true).TotalUsd : 0;
        }

        const double each = 1.0 / Samples;
        var isPriced = deployment.Price is not null;
        return new CallDemand(mean * each, square * each, consumer * each, isPriced ? cost * each : null, isPriced ? batch * each : null);
    }
}
