using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Estimation;
using FuncLimiter.Gateway.Calls.Routes;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Gateway.Calls;

/// <summary>What a call is foreseen to cost at each deployment of its route.</summary>
internal sealed class CallPlan
{
    private readonly RequestFacts[] _facts;
    private readonly TokenEstimate[] _estimates;
    private readonly Charge[] _charges;
    private readonly Charge[]? _atLeast;
    private readonly CallSize[] _sizes;

    private CallPlan(Route route, bool isEstimated)
    {
        Route = route;
        _atLeast = isEstimated ? new Charge[route.Deployments.Count] : null;
        _facts = new RequestFacts[route.Deployments.Count];
        _estimates = new TokenEstimate[route.Deployments.Count];
        _charges = new Charge[route.Deployments.Count];
        _sizes = new CallSize[route.Deployments.Count];
    }

    /// <summary>The route asked for.</summary>
    public Route Route { get; }

    /// <summary>The charge at each of the route's deployments.</summary>
    public IReadOnlyList<Charge> Charges => _charges;

    /// <summary>What the call's tokens are made of at each of the route's deployments.</summary>
    public IReadOnlyList<CallSize> Sizes => _sizes;

    /// <summary>The charge foreseen for the tenant and the user.</summary>
    public Charge Consumer { get; private set; }

    /// <summary>The most that the tenant and the user can be charged: the whole of what the caller allows for output, at the dearest deployment.</summary>
    public Charge ConsumerAtMost { get; private set; }

    /// <summary>What is certain of <see cref="Charges"/>; null where they are the caller's own word.</summary>
    public IReadOnlyList<Charge>? ChargesAtLeast => _atLeast;

    /// <summary>What is certain of <see cref="Consumer"/>; null where that is the caller's own word.</summary>
    public Charge? ConsumerAtLeast { get; private set; }

    /// <summary>The tokens foreseen at one deployment.</summary>
    public TokenEstimate Estimate(int place) => _estimates[place];

    /// <summary>What tokens cost at one deployment; null where that is not known, or nothing is used.</summary>
    public PriceConfiguration? Price(int place) => _facts[place].Operation == Operation.CountTokens ? null : Route.Deployments[place].Price;

    /// <summary>What calls like this one are learned under.</summary>
    public static EstimateKey Key(Deployment deployment, Caller caller) =>
        new(deployment.Target.Model, caller.Workflow, caller.Step) { Tenant = caller.Tenant };

    /// <summary>Foresees a call by what calls like it used.</summary>
    /// <param name="facts">What was read of it.</param>
    /// <param name="estimator">What calls like it used.</param>
    /// <param name="holdsPlace">Whether it takes a place among concurrent calls.</param>
    public static CallPlan Foresee(Route route, RequestFacts facts, Caller caller, Estimator estimator, bool holdsPlace = true)
    {
        var plan = new CallPlan(route, isEstimated: true);
        var maxOutput = facts.Operation is Operation.Embeddings or Operation.CountTokens or Operation.Other ? 0 : facts.MaxOutputTokens;
        for (var place = 0; place < route.Deployments.Count; place++)
        {
            var deployment = route.Deployments[place];
            var asBefore = place > 0 && route.Deployments[place - 1].Target.Model == deployment.Target.Model;
            plan.Set(place, facts, asBefore
                ? plan._estimates[place - 1]
                : facts is { Operation: Operation.Other, TextBytes: 0, Images: 0 } ? default
                : estimator.Estimate(Key(deployment, caller), facts.Prompt, maxOutput, facts.Choices));
        }

        if (!holdsPlace)
        {
            plan.GiveUpPlaces();
        }

        return plan;
    }

    /// <summary>Takes the caller's own word for what a call will use.</summary>
    public static CallPlan Of(Route route, RequestFacts facts, TokenEstimate estimate)
    {
        var plan = new CallPlan(route, isEstimated: false);
        for (var place = 0; place < route.Deployments.Count; place++)
        {
            plan.Set(place, facts, estimate);
        }

        return plan;
    }

    /// <summary>The most that a call can come to in one deployment's batch service.</summary>
    public static Charge MostInBatch(Deployment deployment, RequestFacts facts, Caller caller, Estimator estimator)
    {
        var most = MostOf(facts, estimator.Estimate(Key(deployment, caller), facts.Prompt, facts.Operation == Operation.Embeddings ? 0 : facts.MaxOutputTokens, facts.Choices));
        var usage = new TokenUsage(most.InputTokens, most.OutputTokens);
        return ConsumerCharge.Of(usage, deployment.Price is { } price ? CallCost.Of(price, usage, isBatch: true) : null);
    }

    /// <summary>The charge that stands once a call at one deployment is over.</summary>
    public Charge ChargeAtEnd(int place, TokenUsage? usage, OutcomeKind outcome) =>
        Route.Deployments[place].Provider.ChargeAtEnd(_facts[place], _charges[place], usage, outcome);

    /// <summary>
    /// What stands once a call at one deployment is over: the provider is owed what its rule charges, tenant and user what was really used,
    /// or where nobody told that, what was foreseen.
    /// </summary>
    /// <param name="place">The deployment's place in the route.</param>
    /// <param name="usage">The tokens used; null where nobody told.</param>
    /// <param name="cost">What they cost; null where that is not known.</param>
    public Settlement SettlementOf(int place, OutcomeKind outcome, TokenUsage? usage, CallCost? cost) => new(
        ChargeAtEnd(place, usage, outcome),
        usage is { } known ? ConsumerCharge.Of(known, cost) : ConsumerCharge.Untold(outcome, Estimate(place), Price(place)))
    {
        Usage = usage,
    };

    /// <summary>
    /// Usage that somebody tells, cut to what a call can have used at one deployment: a token has a byte of text at least, and no answer
    /// is longer than asked for. Where the request is not known, no more than was foreseen.
    /// </summary>
    public TokenUsage Bounded(int place, in TokenUsage told)
    {
        var (facts, estimate) = (_facts[place], _estimates[place]);
        var input = Math.Min(told.InputTokens, Math.Max(estimate.InputTokens, facts.TextBytes));
        var output = (long)Int128.Min(told.OutputTokens, Int128.Max(estimate.OutputTokens, (Int128)(facts.MaxOutputTokens ?? 0) * facts.Choices));
        var cacheWrites = Math.Min(told.CacheWriteTokens, input);
        return new(input, output, Math.Min(told.CacheReadTokens, input - cacheWrites), cacheWrites, Math.Min(told.ReasoningTokens, output));
    }

    private void GiveUpPlaces()
    {
        for (var place = 0; place < _charges.Length; place++)
        {
            _charges[place] = _charges[place] with { Concurrent = 0 };
            _atLeast![place] = _atLeast[place] with { Concurrent = 0 };
        }

        (Consumer, ConsumerAtMost) = (Consumer with { Concurrent = 0 }, ConsumerAtMost with { Concurrent = 0 });
        ConsumerAtLeast = ConsumerAtLeast is { } least ? least with { Concurrent = 0 } : null;
    }

    // At most, no token of input comes from a cache.
    private static TokenEstimate MostOf(RequestFacts facts, in TokenEstimate estimate) => estimate with
    {
        CachedInputTokens = 0,
        OutputTokens = facts.Operation is Operation.Embeddings or Operation.CountTokens or Operation.Other ? estimate.OutputTokens
            : Math.Max(estimate.OutputTokens, (facts.MaxOutputTokens ?? 0) * facts.Choices),
    };

    private static CallSize SizeOf(RequestFacts facts, in TokenEstimate estimate) => facts.Operation switch
    {
        Operation.CountTokens => default,
        Operation.Embeddings or Operation.Other => new(estimate.InputTokens, estimate.CachedInputTokens, 0, 0),
        _ => new(estimate.InputTokens, estimate.CachedInputTokens, estimate.OutputTokens, facts.MaxOutputTokens * facts.Choices ?? estimate.OutputTokens),
    };

    // Providers' own rules are for calls that make text. Any other call counts as a request, and by the usage that its answer tells.
    private static Charge ChargeAtStart(Deployment deployment, RequestFacts facts, in TokenEstimate estimate) => facts.Operation == Operation.Other
        ? new Charge(1, estimate.InputTokens, estimate.InputTokens, 0, 1)
        : deployment.Provider.ChargeAtStart(facts, estimate);

    private void Set(int place, RequestFacts facts, in TokenEstimate estimate)
    {
        var deployment = Route.Deployments[place];
        _facts[place] = facts.Model == deployment.Target.Model ? facts : facts with { Model = deployment.Target.Model };
        _estimates[place] = estimate;
        _charges[place] = ChargeAtStart(deployment, _facts[place], estimate);
        // Certain are only the fewest tokens that the bytes can come to, all of them perhaps cached, and the output that the provider charges on arrival.
        var least = new TokenEstimate(facts.Prompt.LeastTokens, 0, facts.Prompt.LeastTokens);
        if (_atLeast is not null)
        {
            _atLeast[place] = ChargeAtStart(deployment, _facts[place] with { TextBytes = 0, Characters = 0 }, least);
        }

        _sizes[place] = SizeOf(facts, estimate);
        if (facts.Operation is Operation.Other or Operation.OtherGeneration || deployment.Serves(facts.Operation) || deployment.Translation(facts.Operation) is not null)
        {
            // Which deployment will serve it is open: the dearest one's price is reserved.
            var charge = ConsumerCharge.Of(estimate, Price(place));
            Consumer = (Consumer == Charge.None ? charge : Consumer) with { Cost = Math.Max(Consumer.Cost, charge.Cost) };
            var most = ConsumerCharge.Of(MostOf(facts, estimate), Price(place));
            ConsumerAtMost = most with { Tokens = Math.Max(most.Tokens, ConsumerAtMost.Tokens), Cost = Math.Max(most.Cost, ConsumerAtMost.Cost) };
            if (_atLeast is not null)
            {
                var answer = facts.Operation is Operation.Embeddings or Operation.CountTokens or Operation.Other ? least : least with { OutputTokens = 1 };
                var certain = ConsumerCharge.Of(answer, Price(place));
                ConsumerAtLeast = certain with { Cost = Math.Min(certain.Cost, ConsumerAtLeast?.Cost ?? long.MaxValue) };
            }
        }
    }
}
