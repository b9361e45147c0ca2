#nullable disable
using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Azure.Core;
using Azure.Data.Tables.Models;

namespace Azure.Data.Tables;

/// <summary>Azure/azure-sdk-for-net: sdk/tables/Azure.Data.Tables/api/Azure.Data.Tables.net8.0.cs</summary>
public partial class TableClient
{
    /// <summary>Azure/azure-sdk-for-net: sdk/tables/Azure.Data.Tables/api/Azure.Data.Tables.net8.0.cs</summary>
    public TableClient(string connectionString, string tableName) => throw null;

    /// <summary>Azure/azure-sdk-for-net: sdk/tables/Azure.Data.Tables/api/Azure.Data.Tables.net8.0.cs</summary>
    public TableClient(Uri endpoint, string tableName, TokenCredential tokenCredential, TableClientOptions options = null) => throw null;

    /// <summary>Azure/azure-sdk-for-net: sdk/tables/Azure.Data.Tables/api/Azure.Data.Tables.net8.0.cs</summary>
    public virtual Task<Response> AddEntityAsync<T>(T entity, CancellationToken cancellationToken = default)
        where T : ITableEntity => throw null;

    /// <summary>Azure/azure-sdk-for-net: sdk/tables/Azure.Data.Tables/api/Azure.Data.Tables.net8.0.cs</summary>
    public virtual Task<Response<TableItem>> CreateIfNotExistsAsync(CancellationToken cancellationToken = default) => throw null;

    /// <summary>Azure/azure-sdk-for-net: sdk/tables/Azure.Data.Tables/api/Azure.Data.Tables.net8.0.cs</summary>
    public static string CreateQueryFilter(FormattableString filter) => throw null;

    /// <summary>Azure/azure-sdk-for-net: sdk/tables/Azure.Data.Tables/api/Azure.Data.Tables.net8.0.cs</summary>
    public virtual Task<Response> DeleteEntityAsync(
        string partitionKey, string rowKey, ETag ifMatch = default, CancellationToken cancellationToken = default) => throw null;

    /// <summary>Azure/azure-sdk-for-net: sdk/tables/Azure.Data.Tables/api/Azure.Data.Tables.net8.0.cs</summary>
    public virtual Task<NullableResponse<T>> GetEntityIfExistsAsync<T>(
        string partitionKey, string rowKey, IEnumerable<string> select = null, CancellationToken cancellationToken = default)
        where T : class, ITableEntity => throw null;

    /// <summary>Azure/azure-sdk-for-net: sdk/tables/Azure.Data.Tables/api/Azure.Data.Tables.net8.0.cs</summary>
    public virtual AsyncPageable<T> QueryAsync<T>(
        string filter = null, int? maxPerPage = default, IEnumerable<string> select = null, CancellationToken cancellationToken = default)
        where T : class, ITableEntity => throw null;

    /// <summary>Azure/azure-sdk-for-net: sdk/tables/Azure.Data.Tables/api/Azure.Data.Tables.net8.0.cs</summary>
    public virtual Task<Response<IReadOnlyList<Response>>> SubmitTransactionAsync(
        IEnumerable<TableTransactionAction> transactionActions, CancellationToken cancellationToken = default) => throw null;

    /// <summary>Azure/azure-sdk-for-net: sdk/tables/Azure.Data.Tables/api/Azure.Data.Tables.net8.0.cs</summary>
    public virtual Task<Response> UpdateEntityAsync<T>(
        T entity, ETag ifMatch, TableUpdateMode mode = TableUpdateMode.Merge, CancellationToken cancellationToken = default)
        where T : ITableEntity => throw null;
}
