namespace FuncLimiter.Gateway.Calls.State;

/// <summary>Keeps which account holds what it made for its callers, beyond the end of a process.</summary>
public interface IStateStore
{
    /// <summary>Everybody who holds something under an id; ids are unique at one account only.</summary>
    /// <param name="id">The id.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<IReadOnlyList<StateOwner>> FindAsync(string id, CancellationToken cancellationToken);

    /// <summary>Keeps one, in place of what was kept under the same id of the same account.</summary>
    /// <param name="id">The id.</param>
    /// <param name="owner">Who holds it, and for whom.</param>
    /// <param name="now">When it was made.</param>
    Task KeepAsync(string id, StateOwner owner, DateTimeOffset now);
}

/// <summary>Who holds something that a provider keeps, and for whom.</summary>
/// <param name="Account">The account's id.</param>
/// <param name="Tenant">The tenant that made it.</param>
public readonly record struct StateOwner(string Account, string Tenant);
