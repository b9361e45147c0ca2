#nullable disable
using System.Collections.Generic;

namespace Azure.Data.Tables;

/// <summary>Azure/azure-sdk-for-net: sdk/tables/Azure.Data.Tables/api/Azure.Data.Tables.net8.0.cs</summary>
public sealed partial class TableEntity : ITableEntity
{
    /// <summary>Azure/azure-sdk-for-net: sdk/tables/Azure.Data.Tables/api/Azure.Data.Tables.net8.0.cs</summary>
    public TableEntity(string partitionKey, string rowKey) => throw null;

    /// <summary>Azure/azure-sdk-for-net: sdk/tables/Azure.Data.Tables/api/Azure.Data.Tables.net8.0.cs</summary>
    public Azure.ETag ETag { get => throw null; set => throw null; }

    /// <summary>Azure/azure-sdk-for-net: sdk/tables/Azure.Data.Tables/api/Azure.Data.Tables.net8.0.cs</summary>
    public object this[string key] { get => throw null; set => throw null; }

    /// <summary>Azure/azure-sdk-for-net: sdk/tables/Azure.Data.Tables/api/Azure.Data.Tables.net8.0.cs</summary>
    public ICollection<string> Keys => throw null;

    /// <summary>Azure/azure-sdk-for-net: sdk/tables/Azure.Data.Tables/api/Azure.Data.Tables.net8.0.cs</summary>
    public string PartitionKey { get => throw null; set => throw null; }

    /// <summary>Azure/azure-sdk-for-net: sdk/tables/Azure.Data.Tables/api/Azure.Data.Tables.net8.0.cs</summary>
    public string RowKey { get => throw null; set => throw null; }
}
