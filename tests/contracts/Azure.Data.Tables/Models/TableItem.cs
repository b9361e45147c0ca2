namespace Azure.Data.Tables.Models;

/// <summary>Azure/azure-sdk-for-net: sdk/tables/Azure.Data.Tables/api/Azure.Data.Tables.net8.0.cs</summary>
public partial class TableItem
{
    internal TableItem()
    {
    }
}
