namespace Azure.Data.Tables;

/// <summary>Azure/azure-sdk-for-net: sdk/tables/Azure.Data.Tables/api/Azure.Data.Tables.net8.0.cs</summary>
public enum TableUpdateMode
{
    /// <summary>Azure/azure-sdk-for-net: sdk/tables/Azure.Data.Tables/api/Azure.Data.Tables.net8.0.cs</summary>
    Merge = 0,

    /// <summary>Azure/azure-sdk-for-net: sdk/tables/Azure.Data.Tables/api/Azure.Data.Tables.net8.0.cs</summary>
    Replace = 1,
}
