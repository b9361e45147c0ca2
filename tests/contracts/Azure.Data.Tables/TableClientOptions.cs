namespace Azure.Data.Tables;

/// <summary>Azure/azure-sdk-for-net: sdk/tables/Azure.Data.Tables/api/Azure.Data.Tables.net8.0.cs</summary>
public partial class TableClientOptions : Azure.Core.ClientOptions
{
    internal TableClientOptions()
    {
    }
}
