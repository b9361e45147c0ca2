using FuncLimiter.Simulation.Providers.Requests;

namespace FuncLimiter.Simulation.Providers.Reports;

/// <summary>Remembers hashes of idempotency keys, up to a million.</summary>
internal sealed class IdempotencyLedger
{
    private const int MostKeys = 1_000_000;
    private readonly HashSet<ulong> _seen = [];
    private readonly HashSet<ulong> _accepted = [];
    private long _repeated;
    private long _acceptedTwice;

    public void Saw(string key)
    {
        var hash = Hash(key);
        _repeated += _seen.Contains(hash) ? 1 : 0;
        Add(_seen, hash);
    }

    public void Accepted(string key)
    {
        var hash = Hash(key);
        _acceptedTwice += _accepted.Contains(hash) ? 1 : 0;
        Add(_accepted, hash);
    }

    public IdempotencyReport Report() => new(_seen.Count, _repeated, _acceptedTwice);

    private static ulong Hash(string key) => PrefixHash.Of(System.Text.Encoding.UTF8.GetBytes(key));

    private static void Add(HashSet<ulong> keys, ulong hash)
    {
        if (keys.Count < MostKeys)
        {
            keys.Add(hash);
        }
    }
}
