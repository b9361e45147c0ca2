using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Gateway.Calls.Idempotency;

/// <summary>
/// Makes one call of all requests that carry one idempotency key of one tenant: who comes while it is under way waits for the same answer, who
/// comes later gets it from the store.
/// </summary>
internal sealed class IdempotentCalls(
    IIdempotencyStore store,
    ICallExecutor executor,
    IdempotencyOptions options,
    TimeProvider time,
    ILogger<IdempotentCalls> logger,
    IHostApplicationLifetime? lifetime = null)
{
    private readonly ConcurrentDictionary<(string Tenant, string Key), Flight> _flights = new();

    /// <summary>Makes a call whose answer is given whole, unless it was made already.</summary>
    /// <param name="call">The call, with its key; its body is copied before this first waits.</param>
    /// <param name="cancellationToken">This request has gone; the call is cut off when no other one waits for it.</param>
    public async Task<IdempotentAnswer> RunAsync(CallEnvelope call, CancellationToken cancellationToken)
    {
        var name = NameOf(call);
        var fingerprint = RequestFingerprint.Of(call);
        while (true)
        {
            var own = new Flight(fingerprint, isStream: false);
            var flight = _flights.GetOrAdd(name, own);
            if (ReferenceEquals(flight, own))
            {
                _ = FlyAsync(name, flight, call with { Body = call.Body.ToArray() });
                return await flight.WaitAsync(cancellationToken);
            }

            if (Refuse(flight, fingerprint) is { } refusal)
            {
                return refusal;
            }

            if (flight.TryJoin())
            {
                var answer = await flight.WaitAsync(cancellationToken);
                return answer.Outcome == IdempotentOutcome.Fresh ? answer with { Outcome = IdempotentOutcome.Replayed } : answer;
            }

            // All its callers have gone and it is being cut off: a new call may take its key.
            _flights.TryRemove(new(name, flight));
        }
    }

    /// <summary>
    /// Claims a key for a call that is streamed. Its answer is not kept; while it lasts, others under the key are refused.
    /// </summary>
    /// <param name="call">The call, with its key.</param>
    /// <returns>A claim to be disposed at the stream's end, or what to answer instead.</returns>
    public async Task<(IDisposable? Claim, IdempotentAnswer? Answer)> ClaimStreamAsync(CallEnvelope call, CancellationToken cancellationToken)
    {
        var name = NameOf(call);
        var fingerprint = RequestFingerprint.Of(call);
        var own = new Flight(fingerprint, isStream: true);
        var flight = _flights.GetOrAdd(name, own);
        if (!ReferenceEquals(flight, own))
        {
            return (null, Refuse(flight, fingerprint) ?? new IdempotentAnswer(IdempotentOutcome.InFlight, null));
        }

        var claim = new Claim(_flights, name, own);
        try
        {
            if (await store.FindAsync(name.Tenant, name.Key, time.GetUtcNow(), cancellationToken) is not { } stored)
            {
                return (claim, null);
            }

            claim.Dispose();
            return (null, Replay(stored, fingerprint));
        }
        catch
        {
            claim.Dispose();
            throw;
        }
    }

    private static (string Tenant, string Key) NameOf(CallEnvelope call) =>
        (call.Caller.Tenant, call.IdempotencyKey ?? throw new ArgumentException("The call has no idempotency key.", nameof(call)));

    /// <summary>Why a request can't share a call under way; null where it can.</summary>
    private static IdempotentAnswer? Refuse(Flight flight, byte[] fingerprint) =>
        !flight.Fingerprint.AsSpan().SequenceEqual(fingerprint) ? new IdempotentAnswer(IdempotentOutcome.Different, null)
        : flight.IsStream ? new IdempotentAnswer(IdempotentOutcome.InFlight, null)
        : null;

    private static IdempotentAnswer Replay(StoredAnswer stored, byte[] fingerprint) => stored.Fingerprint.Span.SequenceEqual(fingerprint)
        ? new IdempotentAnswer(IdempotentOutcome.Replayed, stored.Answer)
        : new IdempotentAnswer(IdempotentOutcome.Different, null);

    /// <summary>Whether repeating could not change the answer: a success, or a request that is wrong in itself.</summary>
    private static bool IsFinal(int status) => status is (>= 200 and < 300) or 400 or 404 or 413 or 422;

    /// <summary>The call itself, which outlives a request that goes away while others wait. Never throws: who waits is told.</summary>
    private async Task FlyAsync((string Tenant, string Key) name, Flight flight, CallEnvelope call)
    {
        try
        {
            // Whoever is here holds the key; so of two requests at once only one looks into the store and calls.
            if (await store.FindAsync(name.Tenant, name.Key, time.GetUtcNow(), flight.Abandoned) is { } stored)
            {
                flight.Land(Replay(stored, flight.Fingerprint));
                return;
            }

            var answer = await executor.ExecuteAsync(call, lifetime?.ApplicationStopping ?? default, flight.Abandoned);
            if (IsFinal(answer.Status) && answer.Body.Length <= options.MaxBodyBytes)
            {
                await StoreAsync(name, flight, answer);
            }

            flight.Land(new IdempotentAnswer(IdempotentOutcome.Fresh, answer));
        }
        catch (Exception reason)
        {
            flight.Crash(reason);
        }
        finally
        {
            _flights.TryRemove(new(name, flight));
        }
    }

    private async Task StoreAsync((string Tenant, string Key) name, Flight flight, CallResult answer)
    {
        var now = time.GetUtcNow();
        try
        {
            await store.StoreAsync(name.Tenant, name.Key, new StoredAnswer(flight.Fingerprint, answer), now, now + options.KeepFor);
        }
        catch (Exception trouble)
        {
            // The answer was paid for and is given; only a repeat of it would be a second call.
            logger.LogError(trouble, "An answer under an idempotency key of tenant {Tenant} could not be stored.", name.Tenant);
        }
    }

    private sealed class Claim(ConcurrentDictionary<(string Tenant, string Key), Flight> flights, (string Tenant, string Key) name, Flight flight) : IDisposable
    {
        public void Dispose() => flights.TryRemove(new(name, flight));
    }
}

/// <summary>A call under way that several requests may wait for. It is cut off when the last of them has gone.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The source has no timer to free, and whoever leaves last may come after the end.")]
internal sealed class Flight(byte[] fingerprint, bool isStream)
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _abandoned = new();
    private readonly TaskCompletionSource<IdempotentAnswer> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _waiting = 1;

    public byte[] Fingerprint => fingerprint;

    public bool IsStream => isStream;

    public CancellationToken Abandoned => _abandoned.Token;

    /// <summary>Joins those who wait; false where all of them have gone already.</summary>
    public bool TryJoin()
    {
        lock (_gate)
        {
            if (_waiting == 0)
            {
                return false;
            }

            _waiting++;
            return true;
        }
    }

    /// <summary>Waits for the answer, then leaves; the last one to leave before there is an answer cuts the call off.</summary>
    public async Task<IdempotentAnswer> WaitAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _answer.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            Leave();
        }
    }

    public void Land(IdempotentAnswer answer) => _answer.TrySetResult(answer);

    public void Crash(Exception reason)
    {
        // Perhaps nobody waits for it any more: reading the exception keeps it from being reported as unobserved.
        _answer.TrySetException(reason);
        _ = _answer.Task.Exception;
    }

    private void Leave()
    {
        bool last;
        lock (_gate)
        {
            last = --_waiting == 0;
        }

        if (last && !_answer.Task.IsCompleted)
        {
            _abandoned.Cancel();
        }
    }
}

/// <summary>What makes two calls the same: the same asked, byte for byte.</summary>
internal static class RequestFingerprint
{
    public static byte[] Of(CallEnvelope call)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{call.Dialect} {call.Facts.Operation} {call.Facts.Model}{call.Query}\n"));
        hash.AppendData(call.Body.Span);
        return hash.GetHashAndReset();
    }
}
