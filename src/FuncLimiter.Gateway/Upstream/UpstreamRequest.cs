using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Routes;

namespace FuncLimiter.Gateway.Upstream;

/// <summary>Puts a caller's request in the form in which a deployment takes it.</summary>
internal static class UpstreamRequest
{
    /// <summary>The request to send.</summary>
    /// <param name="call">The call.</param>
    /// <param name="deployment">Where it goes.</param>
    /// <param name="content">The body as the deployment takes it.</param>
    public static HttpRequestMessage Create(CallEnvelope call, Deployment deployment, HttpContent content)
    {
        var address = deployment.Address(call.Facts.Operation, call.Query);
        var request = new HttpRequestMessage(HttpMethod.Post, address.Uri)
        {
            Version = System.Net.HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
            Content = content,
        };
        foreach (var (name, value) in call.Headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
            {
                content.Headers.TryAddWithoutValidation(name, value);
            }
        }

        foreach (var (name, value) in address.Headers)
        {
            request.Headers.Remove(name);
            request.Headers.TryAddWithoutValidation(name, value);
        }

        foreach (var (name, value) in address.Defaults)
        {
            if (!request.Headers.NonValidated.Contains(name))
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }
        }

        return request;
    }
}
