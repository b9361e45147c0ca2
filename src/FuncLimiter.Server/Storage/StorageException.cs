namespace FuncLimiter.Server.Storage;

/// <summary>The data directory cannot be used; the message says why and what to do.</summary>
public sealed class StorageException : Exception
{
    /// <summary>With a message for the operator.</summary>
    public StorageException(string message)
        : base(message)
    {
    }

    /// <summary>With a message for the operator, and what was met.</summary>
    public StorageException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
