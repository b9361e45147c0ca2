using System.Net;

namespace FuncLimiter.Gateway.Jobs.Webhooks;

/// <summary>Checks where a webhook may go, as far as its address alone tells; names are checked again when they are resolved.</summary>
internal static class WebhookAddress
{
    private const int Longest = 2048;

    /// <summary>What is wrong with an address; null where nothing is.</summary>
    public static string? Fault(string text, bool privateNetworks)
    {
        if (text.Length > Longest
            || !Uri.TryCreate(text, UriKind.Absolute, out var address)
            || (address.Scheme != Uri.UriSchemeHttps && address.Scheme != Uri.UriSchemeHttp)
            || address.Host.Length == 0)
        {
            return $"'webhook' must be an http:// or https:// address of at most {Longest} characters.";
        }

        if (address.UserInfo.Length > 0)
        {
            return "'webhook' must not hold a user name or password; deliveries are signed instead.";
        }

        return !privateNetworks && (address.IsLoopback || (IPAddress.TryParse(address.IdnHost, out var number) && PrivateNetworks.Contains(number)))
            ? "'webhook' must not lead to a private network."
            : null;
    }
}
