namespace FuncLimiter.Providers.Batches;

/// <summary>A call of a batch.</summary>
/// <param name="Place">Its place in the batch, from 0.</param>
/// <param name="Body">The body as the deployment takes it.</param>
public sealed record BatchCall(int Place, ReadOnlyMemory<byte> Body);

/// <summary>An answer of a batch.</summary>
/// <param name="Place">The call's place; -1 where it can't be told.</param>
/// <param name="Status">The HTTP status that the call would have had.</param>
/// <param name="Body">The body.</param>
public sealed record BatchAnswer(int Place, int Status, ReadOnlyMemory<byte> Body);

/// <summary>What came of handing a batch in.</summary>
/// <param name="Id">Its id at the provider; null where it was not taken.</param>
/// <param name="IsFull">Whether the provider's queue is full, so that it may be taken later.</param>
/// <param name="Reason">Why it was not taken.</param>
public sealed record BatchHandIn(string? Id, bool IsFull, string? Reason)
{
    /// <summary>The provider takes no more now.</summary>
    public static readonly BatchHandIn Later = new(null, true, "The provider takes no more batches now.");

    /// <summary>It was taken.</summary>
    public static BatchHandIn Taken(string id) => new(id, false, null);

    /// <summary>The provider will not take it.</summary>
    public static BatchHandIn Never(string reason) => new(null, false, reason);
}
