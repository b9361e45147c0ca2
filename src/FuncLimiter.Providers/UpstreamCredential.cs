namespace FuncLimiter.Providers;

/// <summary>How an account is opened.</summary>
public enum ProviderAuth
{
    /// <summary>With a key.</summary>
    Key,

    /// <summary>With a token of Microsoft Entra ID.</summary>
    Entra,

    /// <summary>With requests that are signed as AWS asks for (Signature Version 4).</summary>
    Aws,

    /// <summary>With an access token of Google's.</summary>
    Google,
}

/// <summary>Whose credential opens an account that no key opens; what is null is as the machine or the app has it.</summary>
public sealed record ProviderIdentity
{
    /// <summary>The identity that the gateway runs as.</summary>
    public static ProviderIdentity Own { get; } = new();

    /// <summary>AWS: the profile in the shared files of configuration and credentials; null for the default chain.</summary>
    public string? Profile { get; init; }

    /// <summary>AWS: the ARN of the role to take on; null for none.</summary>
    public string? Role { get; init; }

    /// <summary>AWS: the external id that the role asks for; null for none.</summary>
    public string? ExternalId { get; init; }

    /// <summary>Google: the file of a service account or of a workload identity; null for the application default credentials.</summary>
    public string? File { get; init; }
}

/// <summary>What opens an account besides a key. It is fetched from elsewhere, may end, and is added when a request is sent.</summary>
public abstract record UpstreamCredential;

/// <summary>A token of Microsoft Entra ID, as <c>Authorization: Bearer</c>.</summary>
/// <param name="Scope">What it is for, as <c>https://cognitiveservices.azure.com/.default</c>.</param>
public sealed record EntraAccess(string Scope) : UpstreamCredential;

/// <summary>An access token of Google's, as <c>Authorization: Bearer</c>.</summary>
/// <param name="Scope">What it is for, as <c>https://www.googleapis.com/auth/cloud-platform</c>.</param>
/// <param name="Identity">Whose it is.</param>
public sealed record GoogleAccess(string Scope, ProviderIdentity Identity) : UpstreamCredential;

/// <summary>A signature of the request by AWS's Signature Version 4.</summary>
/// <param name="Service">The service's name in the signature, as <c>bedrock</c>.</param>
/// <param name="Region">The region, as <c>us-east-1</c>.</param>
/// <param name="Identity">Whose it is.</param>
public sealed record AwsAccess(string Service, string Region, ProviderIdentity Identity) : UpstreamCredential;
