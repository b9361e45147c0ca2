using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Estimation;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Calls.Errors;
using FuncLimiter.Gateway.Calls.Routes;
using FuncLimiter.Gateway.Jobs.Running;

namespace FuncLimiter.Gateway.Jobs;

/// <summary>Tells before a call is stored whether any wait could let it through.</summary>
internal sealed class JobFit(ILimiter limiter, RouteTable routes, Estimator estimator, JobPace pace)
{
    private static readonly GatewayError NeverFits = new(413, "request_exceeds_limit",
        "The request is larger than a whole limit that it must fit in, and can never be let through. Lower max_tokens or shorten the input.")
    {
        Parameter = "body",
    };

    /// <summary>The tokens that a call is foreseen to take at a deployment.</summary>
    public long Tokens(CallEnvelope call, string deployment)
    {
        if (!routes.TryGet(call.Facts.Model, out var route))
        {
            return 0;
        }

        var place = Enumerable.Range(0, route.Deployments.Count).FirstOrDefault(place => route.Deployments[place].Name == deployment);
        var estimate = CallPlan.Foresee(route, call.Facts, call.Caller, estimator).Estimate(place);
        return estimate.InputTokens + estimate.OutputTokens;
    }

    /// <summary>Why a call can never be let through; null where it can.</summary>
    public GatewayError? Fault(CallEnvelope call)
    {
        var caller = call.Caller;
        if (!routes.TryFind(caller.Tenant, call.Facts.Model, out var route, out var error))
        {
            return error;
        }

        var plan = CallPlan.Foresee(route, call.Facts, caller, estimator);
        var request = new AdmissionRequest(route.Name, caller.Tenant, caller.User, caller.Priority, plan.Consumer, plan.Charges)
        {
            ProviderAtLeast = plan.ChargesAtLeast,
            ConsumerAtLeast = plan.ConsumerAtLeast,
            Sizes = plan.Sizes,
            Excluded = CallWays.Find(route, call, routes.ClosedTo(caller.Tenant, route)).Closed,
        };
        if (limiter.Foresee(request) == Instant.Never)
        {
            return NeverFits;
        }

        pace.Expect(request);
        return null;
    }
}
