namespace FuncLimiter.Functions.Storage;

/// <summary>A table of rows, as Azure Table storage has them.</summary>
internal interface IRowTable
{
    /// <summary>Adds a row; its tag, or null where there is one under its key.</summary>
    Task<string?> AddAsync(Row row, CancellationToken cancellationToken);

    /// <summary>Replaces a row as it was read; its new tag, or null where it was changed or deleted since.</summary>
    Task<string?> ReplaceAsync(Row row, CancellationToken cancellationToken);

    /// <summary>Writes rows whatever was there; of one partition at most 100 at once are whole or not there.</summary>
    Task WriteAsync(IReadOnlyList<Row> rows, CancellationToken cancellationToken);

    /// <summary>Finds a row; null where there is none.</summary>
    Task<Row?> FindAsync(string partition, string key, CancellationToken cancellationToken);

    /// <summary>Reads rows of a partition in the order of their keys.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="from">The first key.</param>
    /// <param name="before">The key before which to end.</param>
    /// <param name="most">How many at most.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<IReadOnlyList<Row>> ReadAsync(string partition, string from, string before, int most, CancellationToken cancellationToken);

    /// <summary>Deletes rows; those that are not there are passed over.</summary>
    Task DeleteAsync(IReadOnlyList<Row> rows, CancellationToken cancellationToken);
}
