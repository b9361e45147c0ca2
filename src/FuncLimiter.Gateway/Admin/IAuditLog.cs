namespace FuncLimiter.Gateway.Admin;

/// <summary>Keeps what operators changed.</summary>
public interface IAuditLog
{
    /// <summary>Keeps an entry; done means kept for good.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    Task AppendAsync(AuditEntry entry, CancellationToken cancellationToken);

    /// <summary>The entries kept, oldest first; of very many the last ones.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    Task<IReadOnlyList<AuditEntry>> ReadAsync(CancellationToken cancellationToken);
}
