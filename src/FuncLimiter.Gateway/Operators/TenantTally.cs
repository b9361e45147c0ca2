namespace FuncLimiter.Gateway.Operators;

/// <summary>What one tenant's calls came to since the start. Counted by many at once.</summary>
internal sealed class TenantTally(string id)
{
    private long _admitted;
    private long _refused;
    private long _tokens;
    private long _nanoUsd;
    private long _unpriced;

    /// <summary>The tenant.</summary>
    public string Id => id;

    /// <summary>Calls let out.</summary>
    public long Admitted => Interlocked.Read(ref _admitted);

    /// <summary>Calls refused.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Tokens foreseen of the calls let out.</summary>
    public long Tokens => Interlocked.Read(ref _tokens);

    /// <summary>Answered calls whose cost is not known.</summary>
    public long Unpriced => Interlocked.Read(ref _unpriced);

    /// <summary>What its calls cost as far as is known, in US dollars.</summary>
    public double CostUsd => Interlocked.Read(ref _nanoUsd) / 1e9;

    public void Admit(long tokens)
    {
        Interlocked.Increment(ref _admitted);
        Interlocked.Add(ref _tokens, tokens);
    }

    public void Refuse() => Interlocked.Increment(ref _refused);

    public void GoUnpriced() => Interlocked.Increment(ref _unpriced);

    public void Pay(decimal usd) => Interlocked.Add(ref _nanoUsd, (long)(usd * 1_000_000_000m));
}
