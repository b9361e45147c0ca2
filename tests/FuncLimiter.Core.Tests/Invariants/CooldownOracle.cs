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
            string[] outwards = [$"deployment:{deployment}", $"account:{account}", .. scopes.Keys.Where(scope => scope.StartsWith("shared:", StringComparison.Ordinal))];

            // What was full is the account's where that is said, else the innermost scope's that limits it.
            var full = outwards.FirstOrDefault(scope => scopes[scope].Any(limit => limit.Dimension == observation.Dimension), outwards[0]);
            Close(observation.WholeAccount ? outwards[1] : full, now.Real + wait);
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
        foreach (var (scope, _, _) in world.ScopesOf(ask, place).Where(scope => scope.IsProviders))
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
