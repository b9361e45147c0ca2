using System.Net;
using System.Security.Cryptography;
using System.Text;
using FuncLimiter.Gateway.Calls.Headers;
using FuncLimiter.Gateway.Calls.Routes;
using FuncLimiter.Providers;

namespace FuncLimiter.Gateway.Calls.Upstream;

/// <summary>Puts a caller's request in the form in which a deployment takes it.</summary>
internal static class UpstreamRequest
{
    /// <summary>The request to send.</summary>
    /// <param name="attempt">The call, and where it goes.</param>
    /// <param name="content">The body as the deployment takes it.</param>
    public static HttpRequestMessage Create(Attempt attempt, HttpContent content)
    {
        var (call, deployment) = (attempt.Call, attempt.Deployment);
        var isCrossed = attempt.Crossing is not null;
        var address = call.Passed is { } passed ? deployment.Provider.PassedAddress(deployment.Target, passed.Path, QueryOf(call, passed, deployment))!
            : isCrossed
            ? deployment.Provider.AddressOfWire(deployment.Target, call.Facts.Operation, call.Facts.Stream)
            : deployment.Address(call.Facts.Operation, call.Query);
        var request = new HttpRequestMessage(call.Passed is null ? HttpMethod.Post : new HttpMethod(call.Passed.Method), address.Uri)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
            Content = content,
        };
        foreach (var (name, value) in call.Headers)
        {
            if (isCrossed && CrossedHeaders.IsOfItsApi(name))
            {
                continue;
            }

            var printable = HeaderText.Printable(value);
            if (!request.Headers.TryAddWithoutValidation(name, printable))
            {
                content.Headers.TryAddWithoutValidation(name, printable);
            }
        }

        CallTrace.PassOn(request);
        if (isCrossed)
        {
            content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
            if (attempt.Crossing!.BetaHeader(deployment) is { } betas)
            {
                request.Headers.TryAddWithoutValidation(AnthropicBetas.Header, betas);
            }
        }

        if (call.IdempotencyKey is { } key)
        {
            request.Headers.TryAddWithoutValidation(FuncLimiterHeaders.IdempotencyKey, KeyAtProvider(call.Caller.Tenant, key));
        }

        Authenticate(request, address);
        foreach (var (name, value) in address.Defaults)
        {
            if (!request.Headers.NonValidated.Contains(name))
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }
        }

        return request;
    }

    private static string QueryOf(CallEnvelope call, PassedCall passed, Deployment deployment) => passed.ModelInQuery is not { } named ? call.Query
        : $"{(call.Query.Length > 1 ? call.Query + "&" : "?")}{named}={Uri.EscapeDataString(deployment.Target.Model)}";

    /// <summary>Says how the account is opened: by what the address sets in headers, or by a credential that is added as the request is sent.</summary>
    internal static void Authenticate(HttpRequestMessage request, UpstreamAddress address)
    {
        foreach (var (name, value) in address.Headers)
        {
            request.Headers.Remove(name);
            request.Headers.TryAddWithoutValidation(name, value);
        }

        if (address.Credential is { } credential)
        {
            request.Options.Set(UpstreamAddress.CredentialOption, credential);
        }
    }

    /// <summary>Tenants share accounts: one tenant's key must never meet another's.</summary>
    private static string KeyAtProvider(string tenant, string key) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{tenant}\n{key}")));
}

/// <summary>A request's body that tells whether a connection may still be reading it, so that its buffer is never reused too early.</summary>
/// <param name="leaves">Told when a connection is there and the first byte leaves; null for nobody.</param>
/// <param name="upload">A body that is not held, in place of the bytes; null for them.</param>
internal sealed class BodyContent(ReadOnlyMemory<byte> body, Action? leaves = null, UploadBody? upload = null) : HttpContent
{
    private volatile bool _inUse;
    private volatile bool _isBegun;

    /// <summary>What is sent; null where it is not held, and so can be sent only once.</summary>
    public ReadOnlyMemory<byte>? Bytes => upload is null ? body : upload.IsWhole ? upload.Head : null;

    /// <summary>True once the request's headers went out and its body was asked for: from then on the provider may know of it.</summary>
    public bool IsBegun => _isBegun;

    /// <summary>True from the first byte sent until the last was taken; stays true where sending broke off.</summary>
    public bool IsInUse => _inUse;

    /// <inheritdoc/>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    /// <inheritdoc/>
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        _isBegun = true;
        _inUse = true;
        leaves?.Invoke();
        await (upload?.CopyToAsync(stream, cancellationToken) ?? stream.WriteAsync(body, cancellationToken).AsTask());
        _inUse = false;
    }

    /// <inheritdoc/>
    protected override bool TryComputeLength(out long length)
    {
        length = upload is null ? body.Length : upload.IsWhole ? upload.Head.Length : upload.Length ?? -1;
        return length >= 0;
    }
}
