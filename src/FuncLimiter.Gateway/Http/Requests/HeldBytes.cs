using FuncLimiter.Gateway.Calls.Errors;
using FuncLimiter.Gateway.Configuration;

namespace FuncLimiter.Gateway.Http.Requests;

/// <summary>
/// Bounds the bytes of bodies that this process holds, for calls that are read, wait or are under way. One tenant of several takes at most
/// half. After large bodies are gone, their memory is given back to the system.
/// </summary>
internal sealed class HeldBytes
{
    private const long ManyGone = 64L * 1024 * 1024;
    private const long FewHeld = 16L * 1024 * 1024;
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, long> _byTenant = new(StringComparer.Ordinal);
    private readonly long _most;
    private readonly long _mostOfOne;
    private readonly ITimer _calm;
    private long _held;
    private long _gone;

    public HeldBytes(GatewayConfiguration configuration, TimeProvider time)
    {
        _most = configuration.Queue.MaxWaitingBytes ?? Math.Max(QueueConfiguration.LeastWaitingBytes, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4);
        _mostOfOne = configuration.Tenants.Count > 1 ? _most / 2 : _most;
        _calm = time.CreateTimer(_ => GiveBack(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>How many are held.</summary>
    public long Held
    {
        get
        {
            lock (_gate)
            {
                return _held;
            }
        }
    }

    /// <summary>Takes room for bytes of a tenant's, or refuses.</summary>
    /// <exception cref="RefusedException">There is none.</exception>
    public void Take(string tenant, long bytes)
    {
        if (!TryTake(tenant, bytes, out var most))
        {
            throw new RefusedException(Full(most));
        }
    }

    /// <summary>Takes room for bytes of a tenant's; false where there is none.</summary>
    public bool TryTake(string tenant, long bytes) => TryTake(tenant, bytes, out _);

    private bool TryTake(string tenant, long bytes, out long most)
    {
        lock (_gate)
        {
            var own = _byTenant.GetValueOrDefault(tenant);
            most = own + bytes > _mostOfOne ? _mostOfOne : _most;
            if (_held + bytes > _most || own + bytes > _mostOfOne)
            {
                return false;
            }

            _held += bytes;
            _byTenant[tenant] = own + bytes;
            return true;
        }
    }

    /// <summary>Gives room back.</summary>
    public void Release(string tenant, long bytes)
    {
        lock (_gate)
        {
            _held -= bytes;
            if ((_byTenant[tenant] -= bytes) == 0)
            {
                _byTenant.Remove(tenant);
            }

            _gone += bytes;
            if (_gone >= ManyGone && _held <= FewHeld)
            {
                _calm.Change(Calm, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private static GatewayError Full(long most) => new(503, "too_many_bytes_waiting", $"The bodies of calls that wait hold {most} bytes, as many as they may. Try again in 5 s.")
    {
        RetryAfter = TimeSpan.FromSeconds(5),
        ShouldRetry = true,
    };

    // A process without work collects nothing by itself, and what it once needed stays its own.
    private void GiveBack()
    {
        lock (_gate)
        {
            if (_held > FewHeld)
            {
                return;
            }

            _gone = 0;
        }

        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }
}

/// <summary>Refuses a request from within.</summary>
internal sealed class RefusedException(GatewayError error) : Exception(error.Message)
{
    /// <summary>What to answer.</summary>
    public GatewayError Error => error;
}
