using System.Collections.Concurrent;
using Azure.Core;
using Azure.Identity;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Gateway.Calls.Upstream;

/// <summary>
/// Tokens of Microsoft Entra ID for the identity that the gateway runs as. One is used until shortly before it ends, so calls don't wait for
/// tokens; while no new one can be had, the old one is used to its end.
/// </summary>
/// <param name="credential">Makes the identity's credential, when the first token is needed.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Told of tokens that can't be had.</param>
public sealed class EntraTokens(Func<TokenCredential> credential, TimeProvider time, ILogger<EntraTokens> logger)
{
    /// <summary>How long before its end a token is replaced, where it doesn't say.</summary>
    private static readonly TimeSpan Ahead = TimeSpan.FromMinutes(5);

    /// <summary>How long to go on with a token after a new one could not be had.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);

    private readonly Lazy<TokenCredential> _credential = new(credential);
    private readonly ConcurrentDictionary<string, Held> _held = new(StringComparer.Ordinal);

    /// <summary>A token for a scope.</summary>
    /// <param name="scope">What it is for, as <c>https://cognitiveservices.azure.com/.default</c>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="HttpRequestException">None can be had: nothing was sent.</exception>
    public async ValueTask<string> GetAsync(string scope, CancellationToken cancellationToken)
    {
        var held = _held.GetOrAdd(scope, static _ => new Held());
        if (held.Current is { } known && time.GetUtcNow() < known.ReplaceAt)
        {
            return known.Token;
        }

        await held.Gate.WaitAsync(cancellationToken);
        try
        {
            if (held.Current is not { } current || time.GetUtcNow() >= current.ReplaceAt)
            {
                held.Current = await ReplaceAsync(scope, held.Current, cancellationToken);
            }

            return held.Current.Token;
        }
        finally
        {
            held.Gate.Release();
        }
    }

    private async Task<Current> ReplaceAsync(string scope, Current? old, CancellationToken cancellationToken)
    {
        try
        {
            var token = await _credential.Value.GetTokenAsync(new TokenRequestContext([scope]), cancellationToken);
            return new Current(token.Token, token.RefreshOn ?? token.ExpiresOn - Ahead, token.ExpiresOn);
        }
        catch (Exception failure) when (failure is AuthenticationFailedException or Azure.RequestFailedException)
        {
            logger.LogError(failure, "No token for {Scope} can be had for this app's identity.", scope);
            var now = time.GetUtcNow();
            return old is not null && now < old.EndsAt
                ? old with { ReplaceAt = now + Pause < old.EndsAt ? now + Pause : old.EndsAt }
                : throw new HttpRequestException(HttpRequestError.ConnectionError, $"No token for {scope} can be had.", failure);
        }
    }

    private sealed record Current(string Token, DateTimeOffset ReplaceAt, DateTimeOffset EndsAt);

    private sealed class Held
    {
        private volatile Current? _current;

        public SemaphoreSlim Gate { get; } = new(1, 1);

        public Current? Current
        {
            get => _current;
            set => _current = value;
        }
    }
}
