using System.Text.Json;
using FuncLimiter.Providers;
using Google.Apis.Auth.OAuth2;
using Google.Apis.Auth.OAuth2.Responses;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Gateway.Calls.Upstream.Credentials;

/// <summary>
/// Access tokens of Google's: of a service account's or a workload identity's file, else of the application default credentials
/// ("How Application Default Credentials works", cloud.google.com). A file is read anew for each token, so that one that was replaced counts.
/// </summary>
/// <param name="logger">Told of tokens that can't be had.</param>
internal sealed class GoogleTokens(TimeProvider time, ILogger logger)
{
    /// <summary>How long before its end a token is replaced.</summary>
    private static readonly TimeSpan Ahead = TimeSpan.FromMinutes(5);

    /// <summary>For how long a token is taken to be good whose end nobody tells.</summary>
    private static readonly TimeSpan Untold = TimeSpan.FromMinutes(1);

    private readonly HeldCredentials<GoogleAccess, string> _held = new(access => new HeldCredential<string>(
        access.Identity.File is { } file ? $"access token of Google's by {Path.GetFileName(file)}" : "access token of Google's by the default credentials",
        cancellationToken => FetchAsync(access, time, cancellationToken),
        time,
        logger));

    /// <summary>The tokens of one identity for one scope.</summary>
    public HeldCredential<string> For(GoogleAccess access) => _held.For(access);

    private static async Task<FetchedCredential<string>> FetchAsync(GoogleAccess access, TimeProvider time, CancellationToken cancellationToken)
    {
        var found = access.Identity.File is { } file
            ? await OfFileAsync(file, cancellationToken)
            : await GoogleCredential.GetApplicationDefaultAsync(cancellationToken);
        var credential = found.CreateScoped(access.Scope).UnderlyingCredential;
        var asked = time.GetUtcNow();
        var token = credential switch
        {
            ServiceCredential service when await service.RequestAccessTokenAsync(cancellationToken) => service.Token,
            UserCredential user when await user.RefreshTokenAsync(cancellationToken) => user.Token,
            _ => new TokenResponse { AccessToken = await credential.GetAccessTokenForRequestAsync(null, cancellationToken) },
        };
        var ends = asked + (token.ExpiresInSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : Untold);
        var half = asked + ((ends - asked) / 2);
        return new(token.AccessToken, ends - Ahead > half ? ends - Ahead : half, ends);
    }

    private static async Task<GoogleCredential> OfFileAsync(string file, CancellationToken cancellationToken)
    {
        var text = await File.ReadAllTextAsync(file, cancellationToken);
        using var json = JsonDocument.Parse(text);
        var type = json.RootElement.GetProperty("type").GetString();
        return CredentialFactory.FromJson(text, type!);
    }
}
