using System.Net;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Gateway.Http.Authentication;

/// <summary>
/// Tells what a page of somebody else's has a browser send from what programs and this host's own pages send. A browser lets no page set or
/// leave out the headers that tell it.
/// </summary>
internal static class BrowserRequest
{
    private static readonly string[] OwnNames = ["Host", "X-Forwarded-Host", "X-Original-Host"];

    /// <summary>Whether a page of another site, or of another port of this machine, had it sent.</summary>
    public static bool IsCrossSite(IHeaderDictionary headers)
    {
        if (headers["Sec-Fetch-Site"].ToString() is { Length: > 0 } site)
        {
            return site is not ("same-origin" or "none");
        }

        return headers.Origin.ToString() is { Length: > 0 } origin
            && !(Uri.TryCreate(origin, UriKind.Absolute, out var page) && page.Authority.Length > 0 && OwnNames.Any(name => IsHost(headers[name].ToString(), page)));
    }

    /// <summary>
    /// Whether it was sent to this machine by one of its own names. A name that leads here without being one is somebody's page in a browser
    /// on this machine, whose name was made to lead here after it was loaded.
    /// </summary>
    public static bool NamesThisMachine(IHeaderDictionary headers)
    {
        var host = new HostString(headers.Host.ToString()).Host;
        return host.Length == 0
            || host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
    }

    private static bool IsHost(string host, Uri page) =>
        Uri.TryCreate($"{page.Scheme}://{host}", UriKind.Absolute, out var own) && own.Authority.Equals(page.Authority, StringComparison.OrdinalIgnoreCase);
}
