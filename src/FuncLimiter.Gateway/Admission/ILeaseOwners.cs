using FuncLimiter.Core.Leasing;

namespace FuncLimiter.Gateway.Admission;

/// <summary>Reaches the owners of leased budgets, wherever they are.</summary>
public interface ILeaseOwners
{
    /// <summary>Carries an ask to the owner of its scope and brings the answer back.</summary>
    /// <param name="ask">The ask.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The owner's answer; null where none came within the policy's time, after which the scope is asked again.</returns>
    Task<ScopeAnswer?> AskAsync(ScopeAsk ask, CancellationToken cancellationToken);
}
