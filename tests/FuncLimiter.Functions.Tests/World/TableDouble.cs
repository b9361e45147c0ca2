using System.Globalization;
using FuncLimiter.Functions.Storage;

namespace FuncLimiter.Functions.Tests.World;

/// <summary>A table's rows, shared by all processes.</summary>
internal sealed class TableContent
{
    private readonly SortedDictionary<(string Partition, string Key), Row> _rows = new(Comparer<(string Partition, string Key)>.Create(static (left, right) =>
        string.CompareOrdinal(left.Partition, right.Partition) is not 0 and var order ? order : string.CompareOrdinal(left.Key, right.Key)));

    private long _tag;

    public IReadOnlyList<Row> All => [.. _rows.Values];

    public string? Add(Row row) => _rows.ContainsKey((row.Partition, row.Key)) ? null : Write(row);

    public string? Replace(Row row) => _rows.TryGetValue((row.Partition, row.Key), out var old) && old.Tag == row.Tag ? Write(row) : null;

    public string Write(Row row)
    {
        Assert.All(row.Values.Values, value => Assert.True(
            value is string or long or bool or DateTimeOffset or byte[] { Length: <= 65_536 }, $"{value} is no value of a table's."));
        var tag = (++_tag).ToString(CultureInfo.InvariantCulture);
        _rows[(row.Partition, row.Key)] = row with { Tag = tag, Values = new(row.Values, StringComparer.Ordinal) };
        return tag;
    }

    public Row? Find(string partition, string key) => _rows.TryGetValue((partition, key), out var row) ? Copy(row) : null;

    public IReadOnlyList<Row> Read(string partition, string from, string before, int most) =>
    [
        .. _rows.Values.Where(row => row.Partition == partition
            && string.CompareOrdinal(row.Key, from) >= 0 && string.CompareOrdinal(row.Key, before) < 0).Take(most).Select(Copy),
    ];

    public void Delete(Row row) => _rows.Remove((row.Partition, row.Key));

    private static Row Copy(Row row) => row with { Values = new(row.Values, StringComparer.Ordinal) };
}

/// <summary>A table as one process reaches it: after a moment, and not any more once the process has died.</summary>
internal sealed class TableDouble(TableContent content, Func<Task> pass) : IRowTable
{
    public Task<string?> AddAsync(Row row, CancellationToken cancellationToken) => AfterAsync(() => content.Add(row));

    public Task<string?> ReplaceAsync(Row row, CancellationToken cancellationToken) => AfterAsync(() => content.Replace(row));

    public Task WriteAsync(IReadOnlyList<Row> rows, CancellationToken cancellationToken) => AfterAsync(() => rows.Select(content.Write).Count());

    public Task<Row?> FindAsync(string partition, string key, CancellationToken cancellationToken) => AfterAsync(() => content.Find(partition, key));

    public Task<IReadOnlyList<Row>> ReadAsync(string partition, string from, string before, int most, CancellationToken cancellationToken) =>
        AfterAsync(() => content.Read(partition, from, before, most));

    public Task DeleteAsync(IReadOnlyList<Row> rows, CancellationToken cancellationToken) => AfterAsync(() =>
    {
        foreach (var row in rows)
        {
            content.Delete(row);
        }

        return 0;
    });

    private async Task<T> AfterAsync<T>(Func<T> act)
    {
        await pass();
        var result = act();
        await pass();
        return result;
    }
}

/// <summary>Payloads as one process reaches them.</summary>
internal sealed class PayloadsDouble(Dictionary<string, byte[]> content, Func<Task> pass) : IPayloads
{
    public async Task WriteAsync(string name, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        await pass();
        content[name] = bytes.ToArray();
        await pass();
    }

    public async Task<ReadOnlyMemory<byte>?> ReadAsync(string name, long from, long length, CancellationToken cancellationToken)
    {
        await pass();
        return content.TryGetValue(name, out var bytes)
            ? bytes.AsMemory((int)Math.Min(from, bytes.Length), (int)Math.Min(length, Math.Max(0, bytes.Length - from)))
            : null;
    }

    public async Task DeleteAsync(string name, CancellationToken cancellationToken)
    {
        await pass();
        content.Remove(name);
    }
}
