using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Operations.Alerts.Causes;

namespace FuncLimiter.Gateway.Operations;

/// <summary>Writes down who asks for what and who gets it, and who is capped under which name.</summary>
internal sealed class ConsumerLedger(RouteTargets routes, TimeProvider time)
{
    /// <summary>What the name begins with under which a run without a user is capped.</summary>
    public const string RunPrefix = "run:";

    private const int MostTargets = 4;
    private static readonly string[] ClassNames = Enum.GetNames<Priority>();

    private volatile HashSet<(string Tenant, string Run)> _cappedRuns = [];

    /// <summary>Who takes how much.</summary>
    public Appetites Appetites { get; } = new(SteadyClock.Of(time).Now, routes.Sharers);

    /// <summary>Runs that are capped: from now on their calls count as those of a user of their own.</summary>
    public void CapRuns(IEnumerable<(string Tenant, string Run)> runs) => _cappedRuns = [.. runs];

    /// <summary>A call is asked for. Where its run is capped, it goes on in the name of the run.</summary>
    public AdmissionRequest Ask(AdmissionRequest request)
    {
        if (Requester(request, string.Empty) is { } who)
        {
            var now = SteadyClock.Of(time).Now;
            for (var place = 0; place < MostTargets && !routes.IsFallback(request.Route, place) && routes.Deployment(request.Route, place) is { } target; place++)
            {
                Appetites.Ask(who with { Deployment = target }, request.Consumer.Tokens, now);
            }
        }

        return request is { User: null, Run: { } run } && _cappedRuns.Contains((request.Tenant, run)) ? request with { User = RunPrefix + run } : request;
    }

    /// <summary>A call goes out.</summary>
    public void Take(AdmissionRequest request, string deployment)
    {
        var now = SteadyClock.Of(time).Now;
        var tokens = request.Consumer.Tokens;
        Appetites.Take(new(ConsumerKind.Tenant, deployment, request.Tenant, request.Tenant), tokens, now);
        Appetites.Take(new(ConsumerKind.Class, deployment, string.Empty, ClassNames[(int)request.Priority]), tokens, now);
        if (request.Workflow is { } workflow)
        {
            Appetites.Take(new(ConsumerKind.Workflow, deployment, request.Tenant, workflow), tokens, now);
        }

        if (request.Step is { } step)
        {
            var name = request.Workflow is { } parent ? $"{step} of {parent}" : step;
            Appetites.Take(new(ConsumerKind.Step, deployment, request.Tenant, name), tokens, now);
        }

        if (Requester(request, deployment) is { } who)
        {
            Appetites.Take(who, tokens, now);
        }
    }

    private static Consumer? Requester(AdmissionRequest request, string deployment) => request switch
    {
        { Run: { } run, User: null } => new(ConsumerKind.Run, deployment, request.Tenant, run),
        { User: { } user } when user.StartsWith(RunPrefix, StringComparison.Ordinal) => new(ConsumerKind.Run, deployment, request.Tenant, user[RunPrefix.Length..]),
        { User: { } user } => new(ConsumerKind.User, deployment, request.Tenant, user),
        _ => null,
    };
}
