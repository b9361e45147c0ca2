namespace FuncLimiter.Functions.Storage;

/// <summary>Keeps bodies that are too large for a history or a row, under names: what is passed around is the name (claim check).</summary>
internal interface IPayloads
{
    /// <summary>Keeps bytes under a name, whatever was there.</summary>
    Task WriteAsync(string name, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>Reads a part; null where there is nothing under the name. Shorter where it ends before.</summary>
    Task<ReadOnlyMemory<byte>?> ReadAsync(string name, long from, long length, CancellationToken cancellationToken);

    /// <summary>Deletes what is under a name, if anything is.</summary>
    Task DeleteAsync(string name, CancellationToken cancellationToken);
}
