using System.Net;
using System.Net.Http.Headers;
using FuncLimiter.Providers;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Gateway.Calls.Upstream.Credentials;

/// <summary>All that opens accounts besides keys.</summary>
/// <param name="entra">Tokens of Microsoft Entra ID.</param>
/// <param name="logger">Told of what can't be had.</param>
internal sealed class UpstreamCredentials(Lazy<EntraTokens> entra, TimeProvider time, ILogger<UpstreamCredentials> logger)
{
    // What reads credentials brings large parts with it, which are loaded where an account asks for them alone.
    private readonly Lazy<GoogleTokens> _google = new(() => new(time, logger));
    private readonly Lazy<AwsCredentials> _aws = new(() => new(time, logger));

    /// <summary>Adds to a request what it needs, fetched where it has to be.</summary>
    /// <returns>What renews it where the provider refuses it; true where there is another then.</returns>
    /// <exception cref="CredentialMissingException">There is none.</exception>
    internal async ValueTask<Func<CancellationToken, ValueTask<bool>>> OpenAsync(
        HttpRequestMessage request, UpstreamCredential credential, CancellationToken cancellationToken)
    {
        if (credential is AwsAccess aws)
        {
            var held = _aws.Value.For(aws);
            var credentials = await held.GetAsync(cancellationToken);
            AwsRequestSigner.Sign(request, aws, credentials, time.GetUtcNow());
            return giveUp => held.RenewAsync(credentials, giveUp);
        }

        var tokens = credential switch
        {
            EntraAccess access => entra.Value.For(access),
            GoogleAccess access => _google.Value.For(access),
            _ => throw new NotSupportedException($"{credential.GetType().Name} opens nothing here."),
        };
        var token = await tokens.GetAsync(cancellationToken);
        request.Headers.Remove("api-key");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return giveUp => tokens.RenewAsync(token, giveUp);
    }
}

/// <summary>Adds to each request what its account needs besides a key; where that is refused, once more with another.</summary>
internal sealed class CredentialHandler(UpstreamCredentials credentials, HttpMessageHandler inner) : DelegatingHandler(inner)
{
    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (!request.Options.TryGetValue(UpstreamAddress.CredentialOption, out var credential))
        {
            return await base.SendAsync(request, cancellationToken);
        }

        var renew = await credentials.OpenAsync(request, credential, cancellationToken);
        var response = await base.SendAsync(request, cancellationToken);
        if (!IsRefusal(response, credential) || request.Content is BodyContent { Bytes: null } || !await renew(cancellationToken))
        {
            return response;
        }

        response.Dispose();
        await credentials.OpenAsync(request, credential, cancellationToken);
        return await base.SendAsync(request, cancellationToken);
    }

    /// <summary>AWS tells a signature that it doesn't take by 403, which says other things as well.</summary>
    private static bool IsRefusal(HttpResponseMessage response, UpstreamCredential credential) =>
        response.StatusCode == HttpStatusCode.Unauthorized || (credential is AwsAccess && response.StatusCode == HttpStatusCode.Forbidden);
}
