using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using FuncLimiter.Gateway.Configuration;

namespace FuncLimiter.Gateway.Calls;

/// <summary>
/// Finds the tenant of a key, holding no key itself, only SHA-256 sums: those of the configuration, and those given out since. Both may change
/// while calls ask.
/// </summary>
internal sealed class TenantKeys
{
    private const int MaxKeyBytes = 1024;

    private readonly ConcurrentDictionary<UInt128, KnownKey> _added = new();
    private readonly ConcurrentDictionary<UInt128, DateTimeOffset> _revoked = new();
    private readonly TimeProvider _time;
    private volatile FrozenDictionary<string, AuthenticatedTenant> _tenants;

    // Found by the sum's first half, then compared whole in constant time: what a lookup's timing could tell is a sum, never a key.
    private volatile FrozenDictionary<UInt128, KnownKey> _sums;

    public TenantKeys(IReadOnlyList<TenantConfiguration> tenants, TimeProvider? time = null)
    {
        _time = time ?? TimeProvider.System;
        _tenants = Named(tenants);
        _sums = Sums(tenants);
    }

    /// <summary>All keys that were ever taken, with when each is taken no more by an operator's word; null where none was said.</summary>
    public IEnumerable<(string Tenant, AccessKey Key, DateTimeOffset? RevokedAt)> All => _sums.Concat(_added)
        .Select(entry => (entry.Value.Tenant, entry.Value.Key, _revoked.TryGetValue(entry.Key, out var at) ? at : (DateTimeOffset?)null));

    /// <summary>A tenant by its id; null where there is none (any more).</summary>
    public AuthenticatedTenant? Tenant(string id) => _tenants.GetValueOrDefault(id);

    /// <summary>Other tenants from now on: a key of one that is gone is nobody's.</summary>
    public void Follow(IReadOnlyList<TenantConfiguration> tenants) => (_sums, _tenants) = (Sums(tenants), Named(tenants));

    /// <summary>Other keys of the configuration from now on; of tenants that are not there nothing is taken up.</summary>
    /// <returns>The tenants that are not there.</returns>
    public IReadOnlyList<string> FollowKeys(IReadOnlyList<TenantConfiguration> tenants)
    {
        _sums = Sums(tenants.Where(tenant => _tenants.ContainsKey(tenant.Id)));
        return [.. tenants.Select(tenant => tenant.Id).Where(id => !_tenants.ContainsKey(id))];
    }

    /// <summary>Takes a further key for a tenant. False where there is no such tenant.</summary>
    public bool Add(string tenant, AccessKey key)
    {
        var sum = Convert.FromHexString(key.Hash);
        return _tenants.ContainsKey(tenant) && (_added.TryAdd(Half(sum), new KnownKey(sum, tenant, key)) || true);
    }

    /// <summary>Whether a tenant has a key.</summary>
    /// <param name="hash">The key's SHA-256 in hexadecimal.</param>
    public bool Has(string tenant, string hash)
    {
        var sum = Convert.FromHexString(hash);
        return Known(Half(sum)) is { } known && known.Tenant == tenant && known.Sum.AsSpan().SequenceEqual(sum);
    }

    /// <summary>Takes a key from its tenant. False where the tenant has no such key.</summary>
    /// <param name="hash">The key's SHA-256 in hexadecimal.</param>
    /// <param name="from">From when on; null for at once.</param>
    public bool Revoke(string tenant, string hash, DateTimeOffset? from = null)
    {
        if (!Has(tenant, hash))
        {
            return false;
        }

        _revoked[Half(Convert.FromHexString(hash))] = from ?? DateTimeOffset.MinValue;
        return true;
    }

    /// <summary>The tenant of a key, and what is known of the key; null where it is nobody's.</summary>
    public (string Tenant, AccessKey Key)? Find(ReadOnlySpan<char> key)
    {
        if (key.IsEmpty || Encoding.UTF8.GetMaxByteCount(key.Length) > MaxKeyBytes)
        {
            return null;
        }

        Span<byte> bytes = stackalloc byte[MaxKeyBytes];
        Span<byte> sum = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes[..Encoding.UTF8.GetBytes(key, bytes)], sum);
        var half = Half(sum);
        return Known(half) is { } known
            && CryptographicOperations.FixedTimeEquals(known.Sum, sum)
            && _tenants.ContainsKey(known.Tenant)
            && (_revoked.IsEmpty || !_revoked.TryGetValue(half, out var at) || at > _time.GetUtcNow())
            ? (known.Tenant, known.Key)
            : null;
    }

    private static FrozenDictionary<UInt128, KnownKey> Sums(IEnumerable<TenantConfiguration> tenants) => tenants
        .SelectMany(tenant => tenant.Keys.Select(key => new KnownKey(Convert.FromHexString(key.Hash), tenant.Id, key)))
        .ToFrozenDictionary(entry => Half(entry.Sum));

    private static FrozenDictionary<string, AuthenticatedTenant> Named(IEnumerable<TenantConfiguration> tenants) =>
        tenants.ToFrozenDictionary(tenant => tenant.Id, tenant => new AuthenticatedTenant(tenant.Id, tenant.HighestPriority), StringComparer.Ordinal);

    private static UInt128 Half(ReadOnlySpan<byte> sum) => BinaryPrimitives.ReadUInt128LittleEndian(sum);

    private KnownKey? Known(UInt128 half) =>
        _sums.TryGetValue(half, out var known) || (!_added.IsEmpty && _added.TryGetValue(half, out known)) ? known : null;

    private sealed record KnownKey(byte[] Sum, string Tenant, AccessKey Key);
}
