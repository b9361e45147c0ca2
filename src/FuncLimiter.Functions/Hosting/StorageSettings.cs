using Azure.Core;
using Azure.Identity;
using Microsoft.Extensions.Configuration;

namespace FuncLimiter.Functions.Hosting;

/// <summary>
/// Where an Azure service is and how it is opened, from the settings that the Functions host itself goes by: a connection string under the
/// connection's name, or an address and an identity under <c>NAME__...</c>.
/// Source: "Connection strings and identity-based connections", Azure Functions, Microsoft Learn.
/// </summary>
internal sealed class StorageSettings(IConfiguration configuration, string connection)
{
    /// <summary>The connection string; null where an identity opens the service.</summary>
    public string? ConnectionString => configuration[connection] is { Length: > 0 } text ? text : null;

    /// <summary>One of the connection's other settings, as <c>fullyQualifiedNamespace</c>; null where it isn't set.</summary>
    public string? Setting(string name) => configuration[$"{connection}:{name}"] is { Length: > 0 } text ? text : null;

    /// <summary>The address of a storage service, as <c>table</c> or <c>blob</c>.</summary>
    /// <exception cref="InvalidOperationException">Neither the address nor the account is set.</exception>
    public Uri ServiceUri(string service) =>
        Setting($"{service}ServiceUri") is { } uri ? new Uri(uri)
        : Setting("accountName") is { } account ? new Uri($"https://{account}.{service}.core.windows.net")
        : throw new InvalidOperationException(
            $"Set {connection} to a connection string, or {connection}__accountName and {connection}__credential to use an identity.");

    /// <summary>The identity that opens the service.</summary>
    public TokenCredential Credential() =>
        !"managedidentity".Equals(Setting("credential"), StringComparison.OrdinalIgnoreCase) ? new DefaultAzureCredential()
        : Setting("clientId") is { } client ? new ManagedIdentityCredential(ManagedIdentityId.FromUserAssignedClientId(client))
        : new ManagedIdentityCredential(ManagedIdentityId.SystemAssigned);
}
