namespace FuncLimiter.Gateway.Configuration;

/// <summary>Who may change things while the gateway runs.</summary>
public sealed record AdminConfiguration
{
    /// <summary>SHA-256 of the admin keys, lower-case hexadecimal; none by default.</summary>
    public IReadOnlyList<string> KeyHashes { get; init; } = [];
}
