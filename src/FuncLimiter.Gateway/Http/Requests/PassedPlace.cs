using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Errors;
using FuncLimiter.Gateway.Calls.Passing;
using FuncLimiter.Gateway.Calls.Routes;
using FuncLimiter.Gateway.Calls.State;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Passing;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Gateway.Http.Requests;

/// <summary>Where a path that is passed on goes.</summary>
internal static class PassedPlace
{
    private const int MostShown = 5;

    /// <summary>Finds the account of a call that names no model, and the one that keeps what a call goes on from.</summary>
    public static async ValueTask<(CallEnvelope? Call, GatewayError? Error)> FindAsync(CallServices services, HttpContext context, CallEnvelope call)
    {
        var (passed, tenant, asked) = (call.Passed!, call.Caller.Tenant, context.Request.Path.Value!);
        var candidates = AccountChoice.Candidates(services.Routes, tenant, passed.Path);
        var allowed = services.Configuration.Tenants.FirstOrDefault(known => known.Id == tenant)?.Allow?.Paths ?? [];
        if (allowed.Count > 0 && !allowed.Any(pattern => StarPattern.Matches(pattern, asked, StringComparison.OrdinalIgnoreCase)))
        {
            return (null, new GatewayError(403, "path_not_allowed", $"{asked} is not among the paths allowed to you."));
        }

        if (call.Facts.Model.Length > 0)
        {
            var named = await HoldAsync(services, call, passed.Path.Ids, candidates, context.RequestAborted);
            var fault = StateErrors.Fault(named, services.Routes.TryGet(call.Facts.Model, out var route) ? StateCandidates.Count(services.Routes, tenant, route) : 0);
            return fault is null ? (call with { KeptBy = named.Account }, null) : (null, fault);
        }

        var batched = BatchedModels.Find(passed.Path, call.Body.Span);
        if (batched.Count > 0)
        {
            var every = batched.Select(model => model.Name).Distinct(StringComparer.Ordinal).ToArray();
            foreach (var name in every)
            {
                if (!services.Routes.TryFind(tenant, name, out _, out var fault))
                {
                    return (null, fault);
                }
            }

            candidates = candidates.FindAll(account => every.All(name => NameAt(services, tenant, account.Id, name) is not null));
            if (candidates.Count == 0)
            {
                return (null, GatewayError.BadRequest("no_common_account",
                    $"A batch goes to one account, and none that you may use has all the models of this one ({string.Join(", ", every.Take(MostShown))}{(every.Length > MostShown ? ", ..." : "")}). Make a batch for each.", "requests"));
            }
        }

        else if (services.Routes.IsBound(tenant) && allowed.Count == 0 && !IsLook(context.Request.Method))
        {
            return (null, RouteErrors.NamesNoModel(asked));
        }

        var holding = await HoldAsync(services, call, passed.Path.Ids, candidates, context.RequestAborted);
        if (AccountChoice.Choose(candidates, passed.Path, asked, call.Dialect == Dialect.Azure, holding, out var error) is not { } account)
        {
            return (null, error);
        }

        return passed.Path.Lists && account.IsShared && allowed.Count == 0
            ? (null, new GatewayError(403, "path_not_allowed",
                $"{asked} lists what all tenants of account '{account.Id}' keep there. Whom it may be told, the configuration says: \"allow\": {{ \"paths\": [...] }} of the tenant."))
            : (call with
            {
                Passed = passed with { Account = account.Id },
                Body = BatchedModels.With(call.Body, batched, name => NameAt(services, tenant, account.Id, name)!),
            }, null);
    }

    // Looking at something, and throwing it away, runs no model.
    private static bool IsLook(string method) => HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsDelete(method);

    /// <summary>What a route's model is called at an account; null where the route has none there that the tenant may use.</summary>
    private static string? NameAt(CallServices services, string tenant, string account, string name)
    {
        if (!services.Routes.TryGet(name, out var route))
        {
            return null;
        }

        var closed = services.Routes.ClosedTo(tenant, route) | route.OutsideOf(account);
        return Enumerable.Range(0, route.Deployments.Count).Where(place => (closed & (1UL << place)) == 0).Select(place => route.Deployments[place].Target.Model).FirstOrDefault();
    }

    private static ValueTask<StateHolding> HoldAsync(CallServices services, CallEnvelope call, IReadOnlyList<string> ofPath, List<AccountRoute> candidates, CancellationToken cancellationToken)
    {
        if (services.State is not { IsNeeded: true } state)
        {
            return default;
        }

        var body = call.Passed!.Upload?.Head ?? call.Body;
        IReadOnlyList<string> ids = body.IsEmpty ? ofPath : [.. ofPath, .. StateIds.Named(call.Facts.Operation, body.Span)];
        return state.FindAsync(call.Caller.Tenant, ids, [.. candidates.Select(account => account.Id)], cancellationToken);
    }
}
