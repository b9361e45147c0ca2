namespace FuncLimiter.Gateway.State;

/// <summary>Who holds what was made or asked for lately. Bounded: the older half is forgotten as a whole, and asked for again.</summary>
/// <param name="most">How many ids to hold at most.</param>
internal sealed class RecentState(int most)
{
    private readonly Lock _gate = new();
    private Dictionary<string, StateOwner[]> _young = new(StringComparer.Ordinal);
    private Dictionary<string, StateOwner[]> _old = new(StringComparer.Ordinal);

    /// <summary>What is known of an id; null where nothing is.</summary>
    public IReadOnlyList<StateOwner>? Find(string id)
    {
        lock (_gate)
        {
            return _young.GetValueOrDefault(id) ?? _old.GetValueOrDefault(id);
        }
    }

    /// <summary>Adds an owner to those of an id.</summary>
    public void Add(string id, StateOwner owner)
    {
        lock (_gate)
        {
            var known = _young.GetValueOrDefault(id) ?? _old.GetValueOrDefault(id) ?? [];
            _young[id] = [.. known.Where(other => other.Account != owner.Account), owner];
            if (_young.Count > most / 2)
            {
                (_old, _young) = (_young, new Dictionary<string, StateOwner[]>(StringComparer.Ordinal));
            }
        }
    }
}
