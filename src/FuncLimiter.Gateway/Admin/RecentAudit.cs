namespace FuncLimiter.Gateway.Admin;

/// <summary>For hosts that keep nothing: the last entries while the process lives. Every entry stands in the log as well.</summary>
internal sealed class RecentAudit : IAuditLog
{
    private const int Most = 1_000;

    private readonly Lock _gate = new();
    private readonly Queue<AuditEntry> _entries = new();

    /// <inheritdoc/>
    public Task AppendAsync(AuditEntry entry, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            _entries.Enqueue(entry);
            if (_entries.Count > Most)
            {
                _entries.Dequeue();
            }
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<AuditEntry>> ReadAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return Task.FromResult<IReadOnlyList<AuditEntry>>([.. _entries]);
        }
    }
}
