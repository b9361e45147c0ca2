using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Pacing;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Calls.Routes;
using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Gateway.Operations.Preflight;

/// <summary>A step of a run that is asked about.</summary>
/// <param name="Caller">Who makes its calls.</param>
/// <param name="Calls">How many calls.</param>
/// <param name="AtOnce">How many at once.</param>
/// <param name="Plan">What each is foreseen to cost.</param>
/// <param name="Facts">What is known of each.</param>
/// <param name="Output">Output tokens of a call on average.</param>
internal sealed record PlannedStep(Caller Caller, int Calls, int AtOnce, CallPlan Plan, RequestFacts Facts, double Output);

/// <summary>Which models a run goes to.</summary>
internal enum RunModels
{
    /// <summary>Those that its calls would go to.</summary>
    Usual,

    /// <summary>The smaller ones, where routes have them.</summary>
    Smaller,
}

/// <summary>When a run is foreseen to be over.</summary>
/// <param name="Forecast">When; null where one of its calls never fits.</param>
/// <param name="Binding">The limit that it waits for the longest; null where it waits for answers only.</param>
/// <param name="TooLarge">The step of which a call never fits; null where there is none.</param>
internal sealed record RunForeseen(RunForecast? Forecast, BindingLimit? Binding, int? TooLarge);

/// <summary>A limit for which a run waits.</summary>
/// <param name="Budget">Its budget.</param>
/// <param name="Meter">The limit as it stands.</param>
internal sealed record BindingLimit(string Budget, MeterReport Meter);

/// <summary>
/// Foresees a run under the present load: the limiter tells when its calls would have their turn behind what waits now, the last minute what
/// others will take meanwhile, and calls that ended how long answers take.
/// </summary>
internal sealed class RunPreflight(ILimiter limiter, RouteTable routes, AnswerPace pace, Watch watch, ConsumerLedger ledger, TimeProvider time)
{
    private const int CallsAskedEach = 16;
    private const int CallsAskedPerStep = 8;
    private const double Notable = 1.05;
    private const int Seed = 1;

    // The error of forecast turns and waits: at an idle limit, and what a full one adds.
    private const double LeastDoubt = 0.12;
    private const double FullDoubt = 0.25;

    // More than any limit lets out.
    private const double All = 1e6;

    // On average, a full window stays closed for this part of its gap when a call comes at any time.
    private const double PartOfGap = 1.0 / 12;

    /// <summary>How often the truth is to lie within a range.</summary>
    public const double Confidence = 0.9;

    /// <summary>Foresees a run.</summary>
    /// <param name="steps">Its steps, of one tenant.</param>
    /// <param name="models">Which models it goes to.</param>
    public RunForeseen Foresee(IReadOnlyList<PlannedStep> steps, RunModels models = RunModels.Usual)
    {
        var rooms = new RunRooms(limiter.Report(), watch, ledger, SteadyClock.Of(time).Now);
        var before = new Dictionary<string, int>(StringComparer.Ordinal);
        var loads = new List<StepLoad>();
        (BindingLimit Limit, double Seconds)? binding = null;
        for (var index = 0; index < steps.Count; index++)
        {
            var step = steps[index];
            var room = rooms.Of(step, Open(step, models), place => AnswerAt(step, place).Mean);
            var ahead = before.GetValueOrDefault(step.Plan.Route.Name);
            if (TurnsOf(step, models, ahead, room) is not { } turns)
            {
                return new(null, null, index);
            }

            before[step.Plan.Route.Name] = ahead + step.Calls;
            loads.Add(new StepLoad(step.Calls, step.AtOnce, AnswerOf(step, models))
            {
                Turns = turns,
                Ahead = ahead,
                OthersPerSecond = room.IsContended ? All : room.OthersPerSecond - OthersIn(turns, room),
                Share = room.Share,
                Places = room.Places,
                OthersPlaces = room.OthersPlaces,
                Doubt = LeastDoubt + (FullDoubt * room.Business),
                Wait = WaitOf(step, models, room),
                Gap = room.GapSeconds * room.Crowd,
                KeptSeconds = room.KeptSeconds,
            });
            if (room.Limit is { } limit && step.Calls / room.PerSecond is var seconds && seconds > (binding?.Seconds ?? 0))
            {
                binding = (limit, seconds);
            }
        }

        // The same plan is foreseen alike by the same state.
        var forecast = RunForecast.Of(loads, new Random(Seed));
        var free = RunForecast.Of([.. loads.Select(load => load with { Turns = [] })], new Random(Seed));
        var waits = forecast.Seconds(Confidence).Likely > Notable * free.Seconds(Confidence).Likely;
        return new(forecast, waits ? binding?.Limit : null, null);
    }

    /// <summary>The places of a step's route that its calls may go to, the first choice first.</summary>
    public IReadOnlyList<int> Open(PlannedStep step, RunModels models)
    {
        var (route, closed) = (step.Plan.Route, Closed(step, models));
        var open = Enumerable.Range(0, route.Deployments.Count).Where(place => (closed & (1UL << place)) == 0).ToList();
        return open.Count > 0 ? open : [0];
    }

    private ulong Closed(PlannedStep step, RunModels models)
    {
        var route = step.Plan.Route;
        var kept = models == RunModels.Smaller && route.Smaller != 0 ? route.All & ~route.Smaller
            : route.DiversionOf(step.Caller, step.Facts) == Diversion.Never ? route.Smaller
            : 0;
        return route.Closed(step.Facts.Operation) | routes.ClosedTo(step.Caller.Tenant, route) | kept;
    }

    private AnswerTime AnswerOf(PlannedStep step, RunModels models)
    {
        var answers = Open(step, models).Select(place => AnswerAt(step, place)).ToList();
        var mean = answers.Average(answer => answer.Mean);
        var deviation = Math.Sqrt(answers.Average(answer => (answer.Deviation * answer.Deviation) + ((answer.Mean - mean) * (answer.Mean - mean))));
        return new(mean, deviation, answers.Max(answer => answer.Doubt));
    }

    private AnswerTime AnswerAt(PlannedStep step, int place) => pace.Foresee(step.Plan.Route.Deployments[place].Name, step.Output);

    private AdmissionRequest RequestOf(PlannedStep step, RunModels models)
    {
        var (plan, caller) = (step.Plan, step.Caller);
        return new(plan.Route.Name, caller.Tenant, caller.User, caller.Priority, plan.Consumer, plan.Charges)
        {
            ProviderAtLeast = plan.ChargesAtLeast,
            ConsumerAtLeast = plan.ConsumerAtLeast,
            Sizes = plan.Sizes,
            Excluded = Closed(step, models),
            Diversion = models == RunModels.Smaller && plan.Route.Smaller != 0 ? Diversion.Always : plan.Route.DiversionOf(caller, step.Facts),
        };
    }

    private List<CallTurn>? TurnsOf(PlannedStep step, RunModels models, int ahead, in RunRoom room)
    {
        // Concurrency is left out: its places come back, and are reckoned with elsewhere.
        var request = RequestOf(step, models);
        request = request with
        {
            Provider = [.. request.Provider.Select(charge => charge with { Concurrent = 0 })],
            ProviderAtLeast = request.ProviderAtLeast?.Select(charge => charge with { Concurrent = 0 }).ToArray(),
        };

        // Others' calls go in between, so the last call's turn comes later: turns are asked for up to there.
        var last = room.OthersPerSecond > 0 ? (int)Math.Ceiling(step.Calls / room.Share) : step.Calls;
        var now = SteadyClock.Of(time).Now;
        var turns = new List<CallTurn>();
        for (var call = 1; ; call = Math.Min(last, call < CallsAskedEach ? call + 1 : call + (call / CallsAskedPerStep)))
        {
            var at = limiter.Foresee(request with { Ahead = ahead + call - 1 });
            if (at == Instant.Never)
            {
                return null;
            }

            if (at.IsKnown)
            {
                turns.Add(new CallTurn(ahead + call, Math.Max(turns.Count > 0 ? turns[^1].Seconds : 0, (at - now).TotalSeconds)));
            }

            if (call == last)
            {
                return turns;
            }
        }
    }

    // Forecast turns count the calls of others that wait already: these are taken off, or they would count twice.
    private static double OthersIn(List<CallTurn> turns, in RunRoom room)
    {
        var first = turns.FindIndex(turn => turn.Seconds > 0);
        if (first < 0 || turns[^1].Seconds <= turns[first].Seconds)
        {
            return 0;
        }

        var perSecond = (turns[^1].Call - turns[first].Call) / (turns[^1].Seconds - turns[first].Seconds);
        return Math.Clamp(room.PerSecond - perSecond, 0, room.OthersPerSecond);
    }

    // With a queue, each call waits as the first would now; without one, as calls of its class did lately.
    private double WaitOf(PlannedStep step, RunModels models, in RunRoom room)
    {
        var now = SteadyClock.Of(time).Now;
        var first = limiter.Foresee(RequestOf(step, models)) is { IsKnown: true } at ? (at - now).TotalSeconds : 0;
        var lately = Open(step, models).Min(place => pace.Wait(step.Plan.Route.Deployments[place].Name, step.Caller.Priority));
        var refill = Math.Max((double.IsPositiveInfinity(room.Places) ? room.Crowd : room.Flow * room.Flow) / room.PerSecond, room.GapSeconds * PartOfGap * room.Crowd);
        return Math.Max(refill, room.IsFull ? Math.Min(first, lately) : lately);
    }
}
