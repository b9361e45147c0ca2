namespace FuncLimiter.Gateway.Calls.Idempotency;

/// <summary>Keeps answers by tenant and idempotency key. Only whole answers: a crash before one is stored leaves the key unused.</summary>
public interface IIdempotencyStore
{
    /// <summary>The answer under a key; null where there is none, or it has expired.</summary>
    /// <param name="tenant">Whose key.</param>
    /// <param name="key">The key.</param>
    /// <param name="now">The present.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<StoredAnswer?> FindAsync(string tenant, string key, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Stores an answer; it survives a crash once this has completed. An earlier one that has not expired stays.</summary>
    /// <param name="tenant">Whose key.</param>
    /// <param name="key">The key.</param>
    /// <param name="answer">The answer.</param>
    /// <param name="now">The present.</param>
    /// <param name="expiresAt">When it is forgotten.</param>
    Task StoreAsync(string tenant, string key, StoredAnswer answer, DateTimeOffset now, DateTimeOffset expiresAt);

    /// <summary>Forgets what has expired.</summary>
    /// <param name="now">The present.</param>
    /// <param name="most">How many at once.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>How many.</returns>
    Task<int> SweepAsync(DateTimeOffset now, int most, CancellationToken cancellationToken);
}
