using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;
using FuncLimiter.Functions.Hosting;

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
    /// <param name="from">The first key.</param>
    /// <param name="before">The key before which to end.</param>
    Task<IReadOnlyList<Row>> ReadAsync(string partition, string from, string before, int most, CancellationToken cancellationToken);

    /// <summary>Deletes rows; those that are not there are passed over.</summary>
    Task DeleteAsync(IReadOnlyList<Row> rows, CancellationToken cancellationToken);
}

/// <summary>One row of a table.</summary>
/// <param name="Partition">Its partition: rows of one can be read and written together.</param>
/// <param name="Key">Its key within the partition.</param>
internal sealed record Row(string Partition, string Key)
{
    /// <summary>Its columns: texts, whole numbers of 64 bits, truths, times and bytes.</summary>
    public Dictionary<string, object> Values { get; init; } = new(StringComparer.Ordinal);

    /// <summary>What it was last written as; empty before.</summary>
    public string Tag { get; init; } = "";

    /// <summary>A text, or null.</summary>
    public string? Text(string name) => Values.GetValueOrDefault(name) as string;

    /// <summary>A whole number, or 0.</summary>
    public long Number(string name) => Values.GetValueOrDefault(name) is long number ? number : 0;

    /// <summary>A time, or null.</summary>
    public DateTimeOffset? Time(string name) => Values.GetValueOrDefault(name) as DateTimeOffset?;

    /// <summary>Bytes, or none.</summary>
    public byte[] Bytes(string name) => Values.GetValueOrDefault(name) as byte[] ?? [];

    /// <summary>A truth, or false.</summary>
    public bool IsTrue(string name) => Values.GetValueOrDefault(name) is true;
}

/// <summary>Rows in Azure Table storage, or Azurite.</summary>
internal sealed class AzureRowTable(StorageSettings settings, string name) : IRowTable
{
    private const int MostAtOnce = 100;
    private const int Conflict = 409;
    private const int PreconditionFailed = 412;
    private const int NotFound = 404;

    private readonly OpenedOnce<TableClient> _table = new(() => OpenAsync(settings, name));

    /// <inheritdoc/>
    public async Task<string?> AddAsync(Row row, CancellationToken cancellationToken)
    {
        try
        {
            return Tag(await (await _table.GetAsync()).AddEntityAsync(ToEntity(row), cancellationToken));
        }
        catch (RequestFailedException failure) when (failure.Status == Conflict)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public async Task<string?> ReplaceAsync(Row row, CancellationToken cancellationToken)
    {
        try
        {
            return Tag(await (await _table.GetAsync()).UpdateEntityAsync(ToEntity(row), new ETag(row.Tag), TableUpdateMode.Replace, cancellationToken));
        }
        catch (RequestFailedException failure) when (failure.Status is PreconditionFailed or NotFound)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public Task WriteAsync(IReadOnlyList<Row> rows, CancellationToken cancellationToken) =>
        SubmitAsync(rows, TableTransactionActionType.UpsertReplace, cancellationToken);

    /// <inheritdoc/>
    public async Task<Row?> FindAsync(string partition, string key, CancellationToken cancellationToken)
    {
        var found = await (await _table.GetAsync()).GetEntityIfExistsAsync<TableEntity>(partition, key, null, cancellationToken);
        return found.HasValue ? ToRow(found.Value!) : null;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Row>> ReadAsync(string partition, string from, string before, int most, CancellationToken cancellationToken)
    {
        var rows = new List<Row>();
        var filter = FormattableStringFactory.Create("PartitionKey eq {0} and RowKey ge {1} and RowKey lt {2}", partition, from, before);
        var found = (await _table.GetAsync()).QueryAsync<TableEntity>(TableClient.CreateQueryFilter(filter), Math.Min(most, 1000), null, cancellationToken);
        await foreach (var entity in found)
        {
            rows.Add(ToRow(entity));
            if (rows.Count == most)
            {
                break;
            }
        }

        return rows;
    }

    /// <inheritdoc/>
    public async Task DeleteAsync(IReadOnlyList<Row> rows, CancellationToken cancellationToken)
    {
        var table = await _table.GetAsync();
        foreach (var row in rows)
        {
            try
            {
                await table.DeleteEntityAsync(row.Partition, row.Key, ETag.All, cancellationToken);
            }
            catch (RequestFailedException failure) when (failure.Status == NotFound)
            {
                // Nothing is left to delete.
            }
        }
    }

    private static async Task<TableClient> OpenAsync(StorageSettings settings, string name)
    {
        var table = settings.ConnectionString is { } text
            ? new TableClient(text, name)
            : new TableClient(settings.ServiceUri("table"), name, settings.Credential());
        await table.CreateIfNotExistsAsync();
        return table;
    }

    private static string Tag(Response response) => response.Headers.ETag?.ToString() ?? "";

    private static TableEntity ToEntity(Row row)
    {
        var entity = new TableEntity(row.Partition, row.Key);
        foreach (var (name, value) in row.Values)
        {
            entity[name] = value;
        }

        return entity;
    }

    private static Row ToRow(TableEntity entity)
    {
        var row = new Row(entity.PartitionKey, entity.RowKey) { Tag = entity.ETag.ToString() };
        foreach (var name in entity.Keys)
        {
            if (name is not ("PartitionKey" or "RowKey" or "Timestamp" or "odata.etag") && entity[name] is { } value)
            {
                row.Values[name] = value;
            }
        }

        return row;
    }

    private async Task SubmitAsync(IReadOnlyList<Row> rows, TableTransactionActionType action, CancellationToken cancellationToken)
    {
        var table = await _table.GetAsync();
        foreach (var part in rows.GroupBy(row => row.Partition).SelectMany(partition => partition.Chunk(MostAtOnce)))
        {
            await table.SubmitTransactionAsync(part.Select(row => new TableTransactionAction(action, ToEntity(row))), cancellationToken);
        }
    }
}
