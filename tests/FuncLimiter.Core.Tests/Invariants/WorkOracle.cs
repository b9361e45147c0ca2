using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Core.Tests.Budgets;

namespace FuncLimiter.Core.Tests.Invariants;

/// <summary>
/// Work-conserving: no call waits that fits all its budgets at a place where nobody else who waits needs more than is there. Of a tenant's
/// waiting calls the oldest of each user counts; the rest are behind it.
/// </summary>
internal sealed class WorkOracle(World world) : Oracle
{
    /// <summary>The most that budgets allow for while no answers have come.</summary>
    public static readonly TimeSpan Jitter = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(3);

    /// <summary>How long a deployment is tried with few calls after a rest.</summary>
    private static readonly TimeSpan Trial = TimeSpan.FromSeconds(12);

    private readonly Dictionary<(string, Limit), Book> books = [];
    private readonly Dictionary<string, Instant> closedUntil = [];
    private readonly Dictionary<string, Instant> onTrialUntil = [];
    private readonly List<(Ask Ask, Instant RefusedAt, Instant Told)> promised = [];

    public override void Admitted(Ask ask, int place, Moment now)
    {
        foreach (var (book, charge) in BooksOf(ask, place))
        {
            book.Take(ask.Id, charge[book.Dimension], now.Local);
        }
    }

    /// <summary>Whoever was told a time has its place until a little after.</summary>
    public override void Refused(Ask ask, Refusal refusal, Moment now)
    {
        promised.RemoveAll(promise => promise.Told + Grace < now.Local);
        if (refusal.RetryAt.IsKnown)
        {
            promised.Add((ask, now.Local, refusal.RetryAt));
        }
    }

    public override void Settled(Ask ask, int place, Settlement settlement, Moment now)
    {
        foreach (var (scope, limits, isProviders) in world.ScopesOf(ask, place))
        {
            foreach (var limit in limits)
            {
                var final = isProviders ? settlement.Provider : settlement.Consumer;
                BookOf(scope, limit, isProviders).Settle(ask.Id, final[limit.Dimension], now.Local);
            }
        }
    }

    public override void Observed(Ask ask, int place, Observation observation, Moment now)
    {
        if (observation.RetryAfter is { } wait)
        {
            var (deployment, account) = world.PlacesOf(ask.Route)[place];
            var scope = observation.WholeAccount ? $"account:{account}" : $"deployment:{deployment}";
            closedUntil[scope] = Instant.Max(closedUntil.GetValueOrDefault(scope), now.Local + wait);
            if (observation.Kind != OutcomeKind.RateLimited)
            {
                onTrialUntil[deployment] = closedUntil[scope] + Trial;
            }
        }
    }

    public override void Rested(Player player, Moment now)
    {
        var queues = player.Waiting.GroupBy(ask => (ask.Route, ask.Priority, ask.Tenant)).Select(queue => queue.ToArray()).ToArray();
        var claims = queues.SelectMany(queue => Foremost(queue, now.Local, surely: false).Select(ask => (Queue: queue, Ask: ask))).ToArray();
        foreach (var queue in queues)
        {
            var foremost = Foremost(queue, now.Local, surely: true);
            foreach (var (deployment, _) in world.PlacesOf(queue[0].Route))
            {
                var mine = Array.FindAll(claims, claim => claim.Queue == queue);
                var fits = foremost.Count > 0 && mine.Length > 0 && Array.TrueForAll(mine, claim => Fits(claim.Ask, deployment, now.Local));
                Violation.Unless(
                    !fits || Array.Exists(claims, claim => claim.Queue != queue && Needs(claim.Ask, deployment, now.Local)) || IsPromised(foremost, deployment, now.Local),
                    () => $"Call {foremost[0].Id} waits at {Moments.Since(now.Local)} s, fits {deployment}, and nobody else needs that.");
            }
        }
    }

    // Whether somebody was told a time for what a waiting call would take: of anything while its place is kept, of the same tenant's before.
    private bool IsPromised(List<Ask> foremost, string deployment, Instant now) => promised.Exists(promise =>
        promise.Told + Grace >= now
        && (foremost.Exists(ask => ask.Tenant == promise.Ask.Tenant) || promise.Told - Early(promise.Told - promise.RefusedAt) <= now && PlacesOf(promise.Ask).Any(its => Shares(its.Deployment, deployment))));

    private static TimeSpan Early(TimeSpan wait) => TimeSpan.FromSeconds(4) < wait ? TimeSpan.FromSeconds(4) : wait;

    private bool Shares(string left, string right) => left == right || AccountOf(left) == AccountOf(right);

    private string AccountOf(string deployment) => world.Spec.Deployments.Single(candidate => candidate.Id == deployment).Account;

    private bool Fits(Ask ask, string deployment, Instant now) =>
        onTrialUntil.GetValueOrDefault(deployment) < now
        && PlacesOf(ask).Any(its => its.Deployment == deployment && FitsAt(ask, its.Place, now));

    // Whether a call may have laid claim to a deployment: it may go there, and does not fit.
    private bool Needs(Ask ask, string deployment, Instant now) =>
        PlacesOf(ask).Any(its => its.Deployment == deployment && !FitsAt(ask, its.Place, now));

    // The oldest call of each user that has room for it; none where one of them is too much for the tenant.
    private List<Ask> Foremost(IEnumerable<Ask> queue, Instant now, bool surely)
    {
        var foremost = queue
            .GroupBy(ask => ask.User)
            .Select(user => user.First())
            .Where(ask => world.ScopesOf(ask).Where(IsUsers).All(scope => Fits(scope.Scope, scope.Limits, false, ask.Consumer, now, surely)))
            .ToList();
        return foremost.TrueForAll(ask => world.ScopesOf(ask).Where(scope => !IsUsers(scope)).All(scope => Fits(scope.Scope, scope.Limits, false, ask.Consumer, now, surely)))
            ? foremost
            : [];
    }

    private IEnumerable<(int Place, string Deployment)> PlacesOf(Ask ask) => world.PlacesOf(ask.Route)
        .Select((place, i) => (i, place.Deployment))
        .Where(place => (ask.Excluded >> place.i & 1) == 0);

    private static bool IsUsers((string Scope, IReadOnlyList<Limit> Limits) scope) => scope.Scope.StartsWith("user:", StringComparison.Ordinal);

    private bool FitsAt(Ask ask, int place, Instant now) => world.ScopesOf(ask, place)
        .Where(scope => scope.IsProviders)
        .All(scope => closedUntil.GetValueOrDefault(scope.Scope) < now && Fits(scope.Scope, scope.Limits, true, ask.Provider[place], now, surely: true));

    private bool Fits(string scope, IReadOnlyList<Limit> limits, bool isProviders, Charge charge, Instant now, bool surely) =>
        limits.All(limit => BookOf(scope, limit, isProviders).Fits(charge[limit.Dimension], now, surely));

    private IEnumerable<(Book Book, Charge Charge)> BooksOf(Ask ask, int place) => world.ScopesOf(ask, place).SelectMany(scope =>
        scope.Limits.Select(limit => (BookOf(scope.Scope, limit, scope.IsProviders), scope.IsProviders ? ask.Provider[place] : ask.Consumer)));

    private Book BookOf(string scope, Limit limit, bool isProviders)
    {
        if (!books.TryGetValue((scope, limit), out var book))
        {
            books.Add((scope, limit), book = new(limit, isProviders ? Jitter : TimeSpan.Zero));
        }

        return book;
    }
}
