using System.Net;

namespace FuncLimiter.Server.Hosting;

/// <summary>The addresses to listen on.</summary>
/// <param name="AreLoopback">Whether all of them are reached from this machine only.</param>
internal sealed record ListenAddresses(bool AreLoopback)
{
    /// <summary>Reads addresses with ';' between them; null where one makes no sense.</summary>
    public static ListenAddresses? Parse(string urls)
    {
        var addresses = urls.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var areLoopback = true;
        foreach (var address in addresses)
        {
            BindingAddress binding;
            try
            {
                binding = BindingAddress.Parse(address);
            }
            catch (FormatException)
            {
                return null;
            }

            areLoopback &= binding.IsUnixPipe || binding.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
                || (IPAddress.TryParse(binding.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip));
        }

        return addresses.Length == 0 ? null : new ListenAddresses(areLoopback);
    }
}
