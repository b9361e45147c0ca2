using Amazon;
using Amazon.Runtime;
using Amazon.Runtime.CredentialManagement;
using Amazon.Runtime.Credentials;
using Amazon.SecurityToken;
using Amazon.SecurityToken.Model;
using FuncLimiter.Providers;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Gateway.Calls.Upstream.Credentials;

/// <summary>
/// AWS's credentials by the SDK's own chain: environment, web identity, profiles, container, instance ("Credential and profile resolution",
/// AWS SDK for .NET), or one profile; where a role is named, that role's by STS. The chain is gone through anew for each, so that a
/// profile that was changed counts.
/// </summary>
/// <param name="logger">Told of credentials that can't be had.</param>
internal sealed class AwsCredentials(TimeProvider time, ILogger logger)
{
    private const string SessionName = "funclimiter";

    /// <summary>How long before their end credentials are replaced.</summary>
    private static readonly TimeSpan Ahead = TimeSpan.FromMinutes(5);

    /// <summary>How soon at the earliest.</summary>
    private static readonly TimeSpan Soonest = TimeSpan.FromSeconds(30);

    /// <summary>How often credentials that never end are looked up again.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromMinutes(1);

    private readonly HeldCredentials<(string Region, ProviderIdentity Identity), ImmutableCredentials> _held = new(key =>
        new HeldCredential<ImmutableCredentials>(
            key.Identity.Role is { } role ? $"AWS credentials of {role}" : key.Identity.Profile is { } profile ? $"AWS credentials of the profile {profile}" : "AWS credentials",
            cancellationToken => Task.Run(() => FetchAsync(key.Region, key.Identity, time, cancellationToken), cancellationToken),
            time,
            logger));

    /// <summary>The credentials for one account.</summary>
    public HeldCredential<ImmutableCredentials> For(AwsAccess access) => _held.For((access.Region, access.Identity));

    private static async Task<FetchedCredential<ImmutableCredentials>> FetchAsync(
        string region, ProviderIdentity identity, TimeProvider time, CancellationToken cancellationToken)
    {
        var source = Source(identity);
        if (identity.Role is not null)
        {
            return await AssumeAsync(source, region, identity, time, cancellationToken);
        }

        var credentials = await source.GetCredentialsAsync();
        return Held(credentials, source is RefreshingAWSCredentials { Expiration: { } end } ? end : null, time);
    }

    private static AWSCredentials Source(ProviderIdentity identity)
    {
        if (identity.Profile is not { } profile)
        {
            using var chain = new DefaultAWSCredentialsIdentityResolver();
            return chain.ResolveIdentity(null);
        }

        return new CredentialProfileStoreChain().TryGetAWSCredentials(profile, out var found)
            ? found
            : throw new InvalidOperationException($"There is no profile {profile}, or it has no credentials.");
    }

    private static async Task<FetchedCredential<ImmutableCredentials>> AssumeAsync(
        AWSCredentials source, string region, ProviderIdentity identity, TimeProvider time, CancellationToken cancellationToken)
    {
        // The region is named for both: an endpoint of one's own (AWS_ENDPOINT_URL_STS) names none.
        using var tokens = new AmazonSecurityTokenServiceClient(
            source, new AmazonSecurityTokenServiceConfig { RegionEndpoint = RegionEndpoint.GetBySystemName(region), AuthenticationRegion = region });
        var answer = await tokens.AssumeRoleAsync(
            new AssumeRoleRequest { RoleArn = identity.Role, RoleSessionName = SessionName, ExternalId = identity.ExternalId }, cancellationToken);
        var taken = answer.Credentials;
        return Held(new ImmutableCredentials(taken.AccessKeyId, taken.SecretAccessKey, taken.SessionToken), taken.Expiration, time);
    }

    private static FetchedCredential<ImmutableCredentials> Held(ImmutableCredentials credentials, DateTime? end, TimeProvider time)
    {
        var now = time.GetUtcNow();
        if (end is not { } ends)
        {
            return new(credentials, now + LookAgain, DateTimeOffset.MaxValue);
        }

        var endsAt = new DateTimeOffset(ends.ToUniversalTime());
        return new(credentials, endsAt - Ahead > now + Soonest ? endsAt - Ahead : now + Soonest, endsAt);
    }
}
