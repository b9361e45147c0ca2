namespace Azure.Storage.Blobs;

/// <summary>Azure/azure-sdk-for-net: sdk/storage/Azure.Storage.Blobs/api/Azure.Storage.Blobs.net10.0.cs</summary>
public partial class BlobClientOptions : Azure.Core.ClientOptions
{
    internal BlobClientOptions()
    {
    }
}
