using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Gateway.Admin;

/// <summary>The admin key of a request.</summary>
internal static class AdminKey
{
    private const string Bearer = "Bearer ";
    private const int FingerprintLength = 8;

    /// <summary>The key; empty where there is none.</summary>
    public static ReadOnlySpan<char> Of(IHeaderDictionary headers)
    {
        var text = headers.Authorization.ToString();
        return text.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) ? text.AsSpan(Bearer.Length).Trim() : default;
    }

    /// <summary>The beginning of the key's SHA-256, as the configuration has it: tells keys apart and gives none away.</summary>
    public static string Fingerprint(IHeaderDictionary headers) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Of(headers).ToString())))[..FingerprintLength];
}
