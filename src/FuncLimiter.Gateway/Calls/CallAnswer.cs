namespace FuncLimiter.Gateway.Calls;

/// <summary>Where a call's answer goes: on to a waiting caller as it comes, or into a buffer.</summary>
internal abstract class CallAnswer
{
    /// <summary>The status begun with; 0 before.</summary>
    public int Status { get; private set; }

    /// <summary>True once the answer has begun; from then on it can't be another one.</summary>
    public bool HasStarted => Status != 0;

    /// <summary>Begins the answer.</summary>
    /// <param name="status">The HTTP status.</param>
    /// <param name="length">The body's length in bytes; null where it isn't known.</param>
    public void Start(int status, long? length)
    {
        if (HasStarted)
        {
            throw new InvalidOperationException("The answer has already begun.");
        }

        Status = status;
        Begin(status, length);
    }

    /// <summary>Sets a header; before the first write.</summary>
    public abstract void SetHeader(string name, string value);

    /// <summary>Hands bytes on at once.</summary>
    public abstract ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>Breaks the answer off, so that its receiver can tell it from a whole one.</summary>
    public abstract void Abort();

    /// <summary>Begins the answer.</summary>
    protected abstract void Begin(int status, long? length);
}
