namespace FuncLimiter.Gateway.Dashboard;

/// <summary>The rows of one table as they were last sent, and which are others since.</summary>
internal sealed class Changes<TRow>
    where TRow : IEquatable<TRow>
{
    private readonly Dictionary<string, (TRow Row, long Round)> _sent = new(StringComparer.Ordinal);
    private long _round;

    /// <summary>All rows.</summary>
    public IEnumerable<TRow> All => _sent.Values.Select(static entry => entry.Row);

    /// <summary>Rows that changed in this round, or are new.</summary>
    public List<TRow> Changed { get; } = [];

    /// <summary>The keys of rows that are there no more.</summary>
    public List<string> Gone { get; } = [];

    /// <summary>Begins a round.</summary>
    public void Begin()
    {
        _round++;
        Changed.Clear();
        Gone.Clear();
    }

    /// <summary>A row is still there; not looked at in this round.</summary>
    /// <returns>False where it was never sent.</returns>
    public bool Keep(string key)
    {
        if (!_sent.TryGetValue(key, out var entry))
        {
            return false;
        }

        _sent[key] = (entry.Row, _round);
        return true;
    }

    /// <summary>A row as it is now.</summary>
    public void Set(string key, TRow row)
    {
        if (!_sent.TryGetValue(key, out var entry) || !entry.Row.Equals(row))
        {
            Changed.Add(row);
        }

        _sent[key] = (row, _round);
    }

    /// <summary>Ends a round: what was neither kept nor set is gone.</summary>
    public void End(int count)
    {
        if (_sent.Count == count)
        {
            return;
        }

        Gone.AddRange(_sent.Where(entry => entry.Value.Round < _round).Select(static entry => entry.Key));
        foreach (var key in Gone)
        {
            _sent.Remove(key);
        }
    }
}
