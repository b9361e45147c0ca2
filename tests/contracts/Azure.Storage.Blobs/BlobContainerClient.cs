#nullable disable
using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Azure.Core;
using Azure.Storage.Blobs.Models;

namespace Azure.Storage.Blobs;

/// <summary>Azure/azure-sdk-for-net: sdk/storage/Azure.Storage.Blobs/api/Azure.Storage.Blobs.net10.0.cs</summary>
public partial class BlobContainerClient
{
    /// <summary>Azure/azure-sdk-for-net: sdk/storage/Azure.Storage.Blobs/api/Azure.Storage.Blobs.net10.0.cs</summary>
    public BlobContainerClient(string connectionString, string blobContainerName) => throw null;

    /// <summary>Azure/azure-sdk-for-net: sdk/storage/Azure.Storage.Blobs/api/Azure.Storage.Blobs.net10.0.cs</summary>
    public BlobContainerClient(Uri blobContainerUri, TokenCredential credential, BlobClientOptions options = null) => throw null;

    /// <summary>Azure/azure-sdk-for-net: sdk/storage/Azure.Storage.Blobs/api/Azure.Storage.Blobs.net10.0.cs</summary>
    public virtual Task<Response<BlobContainerInfo>> CreateIfNotExistsAsync(
        PublicAccessType publicAccessType = PublicAccessType.None,
        IDictionary<string, string> metadata = null,
        BlobContainerEncryptionScopeOptions encryptionScopeOptions = null,
        CancellationToken cancellationToken = default) => throw null;

    /// <summary>Azure/azure-sdk-for-net: sdk/storage/Azure.Storage.Blobs/api/Azure.Storage.Blobs.net10.0.cs</summary>
    public virtual BlobClient GetBlobClient(string blobName) => throw null;
}
