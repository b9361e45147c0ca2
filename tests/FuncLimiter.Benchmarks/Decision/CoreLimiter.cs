using FuncLimiter.Core;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Benchmarks.Decision;

/// <summary>
/// Ours, as a host uses it: one look at the clock, one lock for each of the two steps; the budgets of account, deployment, tenant and user
/// reserved all or nothing, then settled to what was used.
/// </summary>
internal sealed class CoreLimiter : IDecider
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private readonly Lock _gate = new();
    private readonly Limiter _limiter;
    private readonly Call[] _calls;

    /// <param name="countRequests">Whether every budget counts requests too, or tokens only.</param>
    public CoreLimiter(bool countRequests)
    {
        _limiter = new(Spec(countRequests));
        _calls = [.. Workload.Asks.Select(ToCall)];
        (Name, Does) = countRequests
            ? ("FuncLimiter.Core, requests too", "reserve requests and tokens over 4 budgets, settle what was used")
            : ("FuncLimiter.Core", "reserve tokens over 4 budgets, settle what was used");
    }

    public string Name { get; }

    public string Does { get; }

    public void Decide(long first, int count)
    {
        for (var number = first; number < first + count; number++)
        {
            var call = _calls[Workload.Index(number)];
            var now = new Instant(DateTime.UtcNow.Ticks);
            lock (_gate)
            {
                if (_limiter.Submit(call, now) != CallState.Admitted)
                {
                    throw new InvalidOperationException($"{Name} did not admit: {call.State}, {call.Refusal}.");
                }
            }

            var used = call.Consumer with { Tokens = call.Consumer.Tokens / 2 };
            lock (_gate)
            {
                _limiter.Settle(call.Reservation, new(used, used), now);
            }
        }
    }

    public void Dispose()
    {
        // Nothing is held outside the heap.
    }

    private static Call ToCall(Ask ask)
    {
        var charge = new Charge(1, ask.Tokens, 0, 0, 0);
        return new() { Route = ask.Deployment, Tenant = ask.Tenant, User = ask.User, Consumer = charge, Provider = [charge] };
    }

    private static LimiterSpec Spec(bool countRequests)
    {
        const long PerMinute = Workload.TokensPerSecond * 60L;
        var tokens = new Limit(Dimension.Tokens, PerMinute, Minute, LimitAlgorithm.Bucket);
        var requests = tokens with { Dimension = Dimension.Requests };
        Limit[] limits = countRequests ? [tokens, requests] : [tokens];
        var deployments = Workload.Asks.DistinctBy(ask => ask.Deployment).Select(
            ask => new DeploymentSpec(ask.Deployment, ask.Account, limits)).ToArray();
        return new()
        {
            Accounts = [.. deployments.Select(deployment => deployment.Account).Distinct().Select(id => new AccountSpec(id, limits))],
            Deployments = deployments,
            Routes = [.. deployments.Select(deployment => new RouteSpec(deployment.Id, [deployment.Id], []))],
            Tenants = [.. Workload.Asks.Select(ask => ask.Tenant).Distinct().Select(id => new TenantSpec(id, 1, limits, limits))],
        };
    }
}
