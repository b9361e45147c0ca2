using System.Buffers;

namespace FuncLimiter.Gateway.Calls;

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
