using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Tests.Budgets;

namespace FuncLimiter.Core.Tests.Invariants;

/// <summary>
/// Obedience: nothing goes to a scope before the end of the longest rest that its provider or a person asked for. What a crash could have
/// destroyed, because no checkpoint begun later was kept, need not be known after it.
/// </summary>
internal sealed class CooldownOracle(World world) : Oracle
{
    private Dictionary<string, Instant> closedUntil = [];
    private Dictionary<string, Instant> begun = [];
    private Dictionary<string, Instant> kept = [];

    public override void Observed(Ask ask, int place, Observation observation, Moment now)
    {
        if (observation.RetryAfter is { } wait)
        {
            var (deployment, account) = world.PlacesOf(ask.Route)[place];
            var scopes = world.ScopesOf(ask, place).Where(scope => scope.IsProviders).ToDictionary(scope => scope.Scope, scope => scope.Limits);
            bool Limits(string scope) => scopes[scope].Any(limit => limit.Dimension == observation.Dimension);

            // What was full is the account's where that is said, or where only the account limits it.
            var isAccounts = observation.WholeAccount || (Limits($"account:{account}") && !Limits($"deployment:{deployment}"));
            Close(isAccounts ? $"account:{account}" : $"deployment:{deployment}", now.Real + wait);
        }
    }

    public override void Closed(string scope, TimeSpan span, Moment now)
    {
        if (span > TimeSpan.Zero)
        {
            Close(scope, now.Real + span);
        }
        else
        {
            closedUntil.Remove(scope);
        }
    }

    public override void Admitted(Ask ask, int place, Moment now)
    {
        var (deployment, account) = world.PlacesOf(ask.Route)[place];
        foreach (var scope in new[] { $"deployment:{deployment}", $"account:{account}" })
        {
            var until = closedUntil.GetValueOrDefault(scope);
            Violation.Unless(until <= now.Real, () => $"Call {ask.Id} went to {scope} at {Moments.Since(now.Real)} s, which rests until {Moments.Since(until)} s.");
        }
    }

    public override void CheckpointBegun(Moment now) => begun = new(closedUntil);

    public override void CheckpointKept(Moment now) => kept = begun;

    public override void Crashed(Moment now) => closedUntil = new(kept);

    private void Close(string scope, Instant until) => closedUntil[scope] = Instant.Max(closedUntil.GetValueOrDefault(scope), until);
}
