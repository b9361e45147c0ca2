#nullable disable
using System.Threading;
using System.Threading.Tasks;
using Azure.Storage.Blobs.Models;

namespace Azure.Storage.Blobs.Specialized;

/// <summary>Azure/azure-sdk-for-net: sdk/storage/Azure.Storage.Blobs/api/Azure.Storage.Blobs.net10.0.cs</summary>
public partial class BlobBaseClient
{
    internal BlobBaseClient()
    {
    }

    /// <summary>Azure/azure-sdk-for-net: sdk/storage/Azure.Storage.Blobs/api/Azure.Storage.Blobs.net10.0.cs</summary>
    public virtual Task<Response<bool>> DeleteIfExistsAsync(
        DeleteSnapshotsOption snapshotsOption = DeleteSnapshotsOption.None, BlobRequestConditions conditions = null, CancellationToken cancellationToken = default) =>
        throw null;

    /// <summary>Azure/azure-sdk-for-net: sdk/storage/Azure.Storage.Blobs/api/Azure.Storage.Blobs.net10.0.cs</summary>
    public virtual Task<Response<BlobDownloadResult>> DownloadContentAsync(
        BlobDownloadOptions options = null, CancellationToken cancellationToken = default) => throw null;
}
