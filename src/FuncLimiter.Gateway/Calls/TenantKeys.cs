using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using FuncLimiter.Gateway.Configuration;

namespace FuncLimiter.Gateway.Calls;

/// <summary>Finds the tenant of a key, holding no key itself, only SHA-256 sums.</summary>
internal sealed class TenantKeys
{
    private const int MaxKeyBytes = 1024;

    // Found by the sum's first half, then compared whole in constant time: what a lookup's timing could tell is a sum, never a key.
    private readonly FrozenDictionary<UInt128, (byte[] Sum, string Tenant, AccessKey Key)> _sums;

    private readonly ConcurrentDictionary<UInt128, bool> _revoked = new();

    public TenantKeys(IReadOnlyList<TenantConfiguration> tenants) =>
        _sums = tenants
            .SelectMany(tenant => tenant.Keys.Select(key => (Sum: Convert.FromHexString(key.Hash), tenant.Id, key)))
            .ToFrozenDictionary(entry => BinaryPrimitives.ReadUInt128LittleEndian(entry.Sum));

    /// <summary>Takes a key from its tenant. False where the tenant has no such key.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="hash">The key's SHA-256 in hexadecimal.</param>
    public bool Revoke(string tenant, string hash)
    {
        var sum = Convert.FromHexString(hash);
        var half = BinaryPrimitives.ReadUInt128LittleEndian(sum);
        return _sums.TryGetValue(half, out var entry) && entry.Tenant == tenant && entry.Sum.AsSpan().SequenceEqual(sum) && (_revoked.TryAdd(half, true) || true);
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
        var half = BinaryPrimitives.ReadUInt128LittleEndian(sum);
        return _sums.TryGetValue(half, out var entry)
            && CryptographicOperations.FixedTimeEquals(entry.Sum, sum)
            && (_revoked.IsEmpty || !_revoked.ContainsKey(half))
            ? (entry.Tenant, entry.Key)
            : null;
    }
}
