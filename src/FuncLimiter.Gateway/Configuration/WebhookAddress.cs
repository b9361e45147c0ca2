using System.Net;
using System.Net.Sockets;

namespace FuncLimiter.Gateway.Configuration;

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

/// <summary>Addresses that are not the public internet (IANA special-purpose registries): what stands there trusts its neighbours.</summary>
internal static class PrivateNetworks
{
    private static readonly IPNetwork[] Version4 =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",

            // Of Azure's own to each of its machines, and public by its looks only.
            "168.63.129.16/32",
        }.Select(IPNetwork.Parse),
    ];

    // Only global unicast is public in version 6; within it, ranges that lead elsewhere.
    private static readonly IPNetwork Global6 = IPNetwork.Parse("2000::/3");

    private static readonly IPNetwork[] Elsewhere6 =
    [
        .. new[] { "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20" }.Select(IPNetwork.Parse),
    ];

    // Translation to version 4: the last four bytes are the address that is reached.
    private static readonly IPNetwork Translated = IPNetwork.Parse("64:ff9b::/96");

    public static bool Contains(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }

        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            return Version4.Any(network => network.Contains(address));
        }

        return Translated.Contains(address)
            ? Contains(new IPAddress(address.GetAddressBytes()[^4..]))
            : !Global6.Contains(address) || Elsewhere6.Any(network => network.Contains(address));
    }
}
