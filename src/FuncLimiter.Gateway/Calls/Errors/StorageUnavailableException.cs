namespace FuncLimiter.Gateway.Calls.Errors;

/// <summary>What must be kept can't be written or read at present (a full disk, a locked file): it may pass, and then all goes on by itself.</summary>
public sealed class StorageUnavailableException : Exception
{
    /// <summary>With what is the matter, as a part of a sentence.</summary>
    public StorageUnavailableException(string message)
        : base(message)
    {
    }

    /// <summary>With what is the matter, and what was met.</summary>
    public StorageUnavailableException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <summary>The error that tells a caller of it.</summary>
    /// <param name="reason">What is the matter, as a part of a sentence.</param>
    internal static GatewayError Error(string reason) => new(503, "storage_unavailable", $"FuncLimiter cannot store at present: {reason}. Try again in 5 s.")
    {
        RetryAfter = TimeSpan.FromSeconds(5),
        ShouldRetry = true,
    };
}
