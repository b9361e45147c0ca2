using Azure.Core;
using FuncLimiter.Providers;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Gateway.Calls.Upstream.Credentials;

/// <summary>
/// Tokens of Microsoft Entra ID for the identity that the gateway runs as. One is used until shortly before it ends, so calls don't wait for
/// tokens; while no new one can be had, the old one is used to its end.
/// </summary>
internal sealed class EntraTokens
{
    /// <summary>How long before its end a token is replaced, where it doesn't say.</summary>
    private static readonly TimeSpan Ahead = TimeSpan.FromMinutes(5);

    private readonly HeldCredentials<EntraAccess, string> _held;

    /// <param name="credential">Makes the identity's credential, when the first token is needed.</param>
    /// <param name="logger">Told of tokens that can't be had.</param>
    public EntraTokens(Func<TokenCredential> credential, TimeProvider time, ILogger<EntraTokens> logger)
    {
        var made = new Lazy<TokenCredential>(credential);
        _held = new(access => new HeldCredential<string>(
            $"token of Entra ID for {access.Scope}",
            async cancellationToken =>
            {
                var token = await made.Value.GetTokenAsync(new TokenRequestContext([access.Scope]), cancellationToken);
                return new(token.Token, token.RefreshOn ?? token.ExpiresOn - Ahead, token.ExpiresOn);
            },
            time,
            logger));
    }

    /// <summary>The tokens for one scope.</summary>
    internal HeldCredential<string> For(EntraAccess access) => _held.For(access);
}
