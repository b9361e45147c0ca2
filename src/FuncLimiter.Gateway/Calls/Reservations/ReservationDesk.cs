using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Calls.Admission;

namespace FuncLimiter.Gateway.Calls.Reservations;

/// <summary>Keeps the open reservations of agents that call providers themselves, each until it is settled or expires.</summary>
internal sealed class ReservationDesk(SteadyClock clock, int maxOpen, string? process = null)
{
    private readonly Dictionary<string, Held> _open = new(StringComparer.Ordinal);
    private readonly PriorityQueue<string, Instant> _expiries = new();
    private readonly Lock _lock = new();

    /// <summary>Whether any is open.</summary>
    public bool HasOpen
    {
        get
        {
            lock (_lock)
            {
                return _open.Count > 0;
            }
        }
    }

    /// <summary>The process whose reservation this is; null where that is told by no id.</summary>
    public static string? ProcessOf(string id) => id.Split('_') is ["res", { Length: > 0 } process, { Length: > 0 }] ? process : null;

    /// <summary>Whether there is room for one more, once what has expired is gone.</summary>
    public bool HasRoom()
    {
        lock (_lock)
        {
            var now = clock.Now;
            while (_expiries.TryPeek(out var id, out var expiry) && expiry <= now)
            {
                _expiries.Dequeue();
                _open.Remove(id);
            }

            return _open.Count < maxOpen;
        }
    }

    /// <summary>Keeps a reservation under a name that nobody can guess.</summary>
    public string Keep(Attempt attempt, TimeSpan ttl)
    {
        var id = $"res_{(process is null ? "" : process + "_")}{RandomNumberGenerator.GetHexString(32, lowercase: true)}";
        var expiresAt = clock.Now + ttl;
        lock (_lock)
        {
            ForgetSettled();
            _open[id] = new Held(attempt, expiresAt);
            _expiries.Enqueue(id, expiresAt);
        }

        return id;
    }

    /// <summary>Takes a tenant's reservation out, once; false where there is none, or it was settled or has expired.</summary>
    public bool TryTake(string id, string tenant, [NotNullWhen(true)] out Attempt? attempt)
    {
        lock (_lock)
        {
            if (_open.TryGetValue(id, out var held) && held.Attempt.Call.Caller.Tenant == tenant && _open.Remove(id))
            {
                attempt = held.Attempt;
                return held.ExpiresAt > clock.Now;
            }
        }

        attempt = null;
        return false;
    }

    /// <summary>What was settled leaves its expiry behind; when those outnumber the open ones, they are swept.</summary>
    private void ForgetSettled()
    {
        if (_expiries.Count > 1_000 && _expiries.Count > 2 * _open.Count)
        {
            _expiries.Clear();
            _expiries.EnqueueRange(_open.Select(entry => (entry.Key, entry.Value.ExpiresAt)));
        }
    }

    private sealed record Held(Attempt Attempt, Instant ExpiresAt);
}

/// <summary>Brings settlements to the process that gave a reservation out, where several processes serve one address.</summary>
internal interface ISettlementRelay
{
    /// <summary>This process, in letters and digits; its reservations' ids carry it.</summary>
    string Here { get; }

    /// <summary>Hands a settlement over; done means that it survives this process.</summary>
    /// <param name="cancellationToken">Gives up; it may be handed over all the same.</param>
    Task SendAsync(RelayedSettlement settlement, CancellationToken cancellationToken);
}

/// <summary>A settlement on its way.</summary>
/// <param name="Process">The process that gave the reservation out.</param>
/// <param name="Reservation">The reservation's id.</param>
/// <param name="Tenant">Whose it must be.</param>
/// <param name="Body">The body of the settlement, as JSON text in UTF-8.</param>
internal sealed record RelayedSettlement(string Process, string Reservation, string Tenant, ReadOnlyMemory<byte> Body);
