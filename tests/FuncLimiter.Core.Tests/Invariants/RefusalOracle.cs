using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Core.Tests.Budgets;

namespace FuncLimiter.Core.Tests.Invariants;

/// <summary>
/// Honest refusals, one by one: each names one of the call's own budgets and a time to come, or says that the call can never fit, which
/// then is true; and no call waits that can never fit.
/// </summary>
internal sealed class RefusalOracle(World world) : Oracle
{
    public override void Refused(Ask ask, Refusal refusal, Moment now)
    {
        switch (refusal.Reason)
        {
            case RefusalReason.NoDeployment:
                Violation.Unless(!PlacesOf(ask).Any(), () => $"Call {ask.Id} was told that no deployment may serve it, and some may.");
                break;
            case RefusalReason.TooLarge:
                Violation.Unless(!CanEverFit(ask), () => $"Call {ask.Id} was told that it is too large, and it is not.");
                Violation.Unless(IsTooMuchFor(ask, refusal.Budget), () => $"Call {ask.Id} was told that it is too large for {refusal.Budget}, and it is not.");
                break;
            default:
                Violation.Unless(
                    refusal.RetryAt.IsKnown && refusal.RetryAt > now.Local,
                    () => $"Call {ask.Id} was told at {Moments.Since(now.Local)} s to come back at {refusal.RetryAt}.");
                Violation.Unless(ScopesOf(ask).Any(scope => scope.Name == refusal.Budget), () => $"Call {ask.Id} was told of {refusal.Budget}, which is none of its budgets.");
                return;
        }

        Violation.Unless(refusal.RetryAt == Instant.Never, () => $"Call {ask.Id} can never be taken, and was told to come back at {refusal.RetryAt}.");
    }

    public override void Rested(Player player, Moment now)
    {
        foreach (var ask in player.Waiting)
        {
            Violation.Unless(CanEverFit(ask), () => $"Call {ask.Id} waits, and can never fit.");
        }
    }

    private bool CanEverFit(Ask ask) => PlacesOf(ask).Any(place => world.ScopesOf(ask, place).All(scope =>
        !IsTooMuch(scope.IsProviders ? ask.Provider[place] : ask.Consumer, scope.Limits)));

    private bool IsTooMuchFor(Ask ask, string budget) => ScopesOf(ask).Any(scope => scope.Name == budget && IsTooMuch(scope.Charge, scope.Limits));

    private static bool IsTooMuch(Charge charge, IReadOnlyList<Limit> limits) =>
        limits.Any(limit => charge[limit.Dimension] > new Book(limit, TimeSpan.Zero).Capacity);

    private static IEnumerable<int> PlacesOf(Ask ask) => Enumerable.Range(0, ask.Provider.Length).Where(place => (ask.Excluded >> place & 1) == 0);

    private IEnumerable<(string Name, Charge Charge, IReadOnlyList<Limit> Limits)> ScopesOf(Ask ask) => PlacesOf(ask)
        .SelectMany(place => world.ScopesOf(ask, place).Where(scope => scope.IsProviders).Select(scope => (scope.Scope, ask.Provider[place], scope.Limits)))
        .Concat(world.ScopesOf(ask).Select(scope => (scope.Scope, ask.Consumer, scope.Limits)));
}
