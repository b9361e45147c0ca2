namespace FuncLimiter.Gateway.Operators;

/// <summary>How one tenant stands against the others.</summary>
/// <param name="Id">The tenant.</param>
/// <param name="Weight">Its weight.</param>
/// <param name="Share">Its part of the tokens let out in about the last minute, 0 to 1.</param>
/// <param name="Fair">The part that its weight entitles it to among those that had any, 0 to 1.</param>
/// <param name="Waiting">Its calls that wait.</param>
/// <param name="OldestSeconds">How long the oldest of them has waited.</param>
/// <param name="Admitted">Its calls let out since the start.</param>
/// <param name="Refused">Its calls refused since the start.</param>
/// <param name="CostUsd">What its calls cost since the start, in US dollars; null where no cost is known.</param>
/// <param name="Unpriced">Its answered calls whose cost is not known.</param>
internal readonly record struct TenantShare(
    string Id, double Weight, double Share, double Fair, int Waiting, double OldestSeconds, long Admitted, long Refused, double? CostUsd, long Unpriced);
