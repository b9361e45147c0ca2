namespace Azure.Storage.Blobs.Models;

/// <summary>Azure/azure-sdk-for-net: sdk/storage/Azure.Storage.Blobs/api/Azure.Storage.Blobs.net10.0.cs</summary>
public partial class BlobDownloadOptions
{
    /// <summary>Azure/azure-sdk-for-net: sdk/storage/Azure.Storage.Blobs/api/Azure.Storage.Blobs.net10.0.cs</summary>
    public BlobDownloadOptions() => throw null!;

    /// <summary>Azure/azure-sdk-for-net: sdk/storage/Azure.Storage.Blobs/api/Azure.Storage.Blobs.net10.0.cs</summary>
    public Azure.HttpRange Range { get => throw null!; set => throw null!; }
}
