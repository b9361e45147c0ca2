using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Gateway.Calls.Upstream.Credentials;

/// <summary>What was fetched, and for how long it is good.</summary>
/// <param name="Value">The token, or whatever opens an account.</param>
/// <param name="ReplaceAt">From when on another is fetched.</param>
/// <param name="EndsAt">From when on it opens nothing.</param>
internal sealed record FetchedCredential<T>(T Value, DateTimeOffset ReplaceAt, DateTimeOffset EndsAt);

/// <summary>No credential can be had: nothing was sent, and nothing is known of the provider.</summary>
/// <param name="what">What can't be had, without a secret.</param>
internal sealed class CredentialMissingException(string what, Exception? cause)
    : HttpRequestException(HttpRequestError.ConnectionError, $"No {what} can be had.", cause);

/// <summary>
/// Holds what one source gives. All calls that need it wait for one fetch; one that is still good is used while the next is fetched; a source
/// that failed or was silent is left alone for a while, so that calls are told at once and may go elsewhere.
/// </summary>
/// <param name="what">What it is, for the log and for whoever is refused; without a secret.</param>
/// <param name="fetch">Fetches another; whatever it throws means that there is none.</param>
/// <param name="logger">Told of what can't be had.</param>
internal sealed class HeldCredential<T>(string what, Func<CancellationToken, Task<FetchedCredential<T>>> fetch, TimeProvider time, ILogger logger)
{
    /// <summary>How long a source may take: calls wait meanwhile.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>How long a source is left alone that failed while the old one was still good.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);

    /// <summary>The same while nothing is left.</summary>
    private static readonly TimeSpan ShortPause = TimeSpan.FromSeconds(5);

    /// <summary>How often one that was refused is replaced before its time.</summary>
    private static readonly TimeSpan RenewalPause = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private FetchedCredential<T>? _current;
    private Task<FetchedCredential<T>>? _underWay;
    private DateTimeOffset _leftAloneUntil;
    private DateTimeOffset _renewedAt = DateTimeOffset.MinValue;

    /// <summary>What opens the account now.</summary>
    /// <param name="cancellationToken">Gives up; the fetch goes on for the others.</param>
    /// <exception cref="CredentialMissingException">There is none.</exception>
    public async ValueTask<T> GetAsync(CancellationToken cancellationToken)
    {
        Task<FetchedCredential<T>> underWay;
        lock (_lock)
        {
            var now = time.GetUtcNow();
            if (_current is { } current && now < current.ReplaceAt)
            {
                return current.Value;
            }

            var old = _current is { } held && now < held.EndsAt ? held : null;
            if (now < _leftAloneUntil)
            {
                return old is not null ? old.Value : throw new CredentialMissingException(what, null);
            }

            underWay = Begin();
            if (old is not null && !underWay.IsCompletedSuccessfully)
            {
                return old.Value;
            }
        }

        return (await underWay.WaitAsync(cancellationToken)).Value;
    }

    /// <summary>Fetches another because the provider refused one.</summary>
    /// <param name="refused">The one that it refused.</param>
    /// <returns>True where there is another now.</returns>
    public async ValueTask<bool> RenewAsync(T refused, CancellationToken cancellationToken)
    {
        Task<FetchedCredential<T>> underWay;
        lock (_lock)
        {
            if (_current is { } current && !Equals(current.Value, refused))
            {
                return true;
            }

            if (_underWay is not { IsCompleted: false })
            {
                var now = time.GetUtcNow();
                if (now - RenewalPause < _renewedAt || now < _leftAloneUntil)
                {
                    return false;
                }

                _renewedAt = now;
            }

            underWay = Begin();
        }

        try
        {
            // Where no other can be had, this is the old one: the provider may have refused something else about the request.
            return !Equals((await underWay.WaitAsync(cancellationToken)).Value, refused);
        }
        catch (CredentialMissingException)
        {
            return false;
        }
    }

    private Task<FetchedCredential<T>> Begin()
    {
        if (_underWay is { IsCompleted: false } already)
        {
            return already;
        }

        var begun = FetchAsync();
        _underWay = begun;
        return begun;
    }

    private async Task<FetchedCredential<T>> FetchAsync()
    {
        using var patience = new CancellationTokenSource(Patience, time);
        try
        {
            // A source that doesn't heed the token is not waited for either.
            var fetched = await fetch(patience.Token).WaitAsync(patience.Token);
            lock (_lock)
            {
                _current = fetched;
                _leftAloneUntil = default;
            }

            return fetched;
        }
        catch (Exception failure)
        {
            // Sources are other people's code: whatever they throw, there is no credential.
            logger.LogError(failure, "No {What} can be had.", what);
            lock (_lock)
            {
                var now = time.GetUtcNow();
                if (_current is { } old && now < old.EndsAt)
                {
                    _leftAloneUntil = now + Pause < old.EndsAt ? now + Pause : old.EndsAt;
                    return old;
                }

                _leftAloneUntil = now + ShortPause;
            }

            throw new CredentialMissingException(what, failure);
        }
    }
}

/// <summary>What is held by what it is for.</summary>
internal sealed class HeldCredentials<TKey, T>(Func<TKey, HeldCredential<T>> make)
    where TKey : notnull
{
    private readonly ConcurrentDictionary<TKey, HeldCredential<T>> _held = new();

    /// <summary>The one for this.</summary>
    public HeldCredential<T> For(TKey key) => _held.GetOrAdd(key, make);
}
