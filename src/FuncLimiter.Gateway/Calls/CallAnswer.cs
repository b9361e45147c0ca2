using System.Buffers;

namespace FuncLimiter.Gateway.Calls;

/// <summary>Where a call's answer goes: on to a waiting caller as it comes, or into a buffer.</summary>
internal abstract class CallAnswer
{
    /// <summary>The status begun with; 0 before.</summary>
    public int Status { get; private set; }

    /// <summary>True once the answer has begun; from then on it can't be another one.</summary>
    public bool HasStarted => Status != 0;

    /// <summary>Begins the answer.</summary>
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

/// <summary>Keeps an answer whole, up to a bound.</summary>
internal sealed class BufferedAnswer(int maxBytes) : CallAnswer
{
    private readonly List<KeyValuePair<string, string>> _headers = [];
    private readonly ArrayBufferWriter<byte> _body = new();

    /// <summary>The headers set.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers => _headers;

    /// <summary>The bytes written.</summary>
    public ReadOnlyMemory<byte> Body => _body.WrittenMemory;

    /// <summary>True where the answer broke off, or was larger than may be kept.</summary>
    public bool IsAborted { get; private set; }

    /// <inheritdoc/>
    public override void SetHeader(string name, string value) => _headers.Add(new(name, value));

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (_body.WrittenCount + (long)bytes.Length > maxBytes)
        {
            IsAborted = true;
        }
        else if (!IsAborted)
        {
            _body.Write(bytes.Span);
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public override void Abort() => IsAborted = true;

    /// <inheritdoc/>
    protected override void Begin(int status, long? length)
    {
    }
}
