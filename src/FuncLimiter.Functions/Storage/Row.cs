namespace FuncLimiter.Functions.Storage;

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
