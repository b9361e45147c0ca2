namespace FuncLimiter.Gateway.Configuration.Reading;

/// <summary>Reads an account's base address.</summary>
internal static class EndpointReader
{
    private const string Name = "endpoint";

    /// <summary>Stands in for an address that is missing or wrong, so that reading can go on.</summary>
    private static readonly Uri Placeholder = new("https://invalid.invalid");

    public static Uri Read(ObjectReader account, string? provider, SecretReader secrets, MistakeList mistakes)
    {
        if (!account.Has(Name))
        {
            return Usual(account, provider, mistakes);
        }

        if (secrets.Filled(account, Name) is not { } text)
        {
            return Placeholder;
        }

        if (Fault(text, out var endpoint) is not { } fix)
        {
            return endpoint!;
        }

        var written = account.Text(Name)!;
        mistakes.Add(account.At(Name), written.Contains('@', StringComparison.Ordinal) ? MistakeList.Mask(written) : MistakeList.Quote(written), fix);
        return Placeholder;
    }

    private static Uri Usual(ObjectReader account, string? provider, MistakeList mistakes)
    {
        if (provider is null)
        {
            return Placeholder;
        }

        if (KnownProviders.DefaultEndpoint(provider) is { } endpoint)
        {
            return endpoint;
        }

        mistakes.Add(account.At(Name), MistakeList.Nothing, $"write the base address, for example \"{KnownProviders.EndpointExample(provider)}\"");
        return Placeholder;
    }

    private static string? Fault(string text, out Uri? endpoint)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out endpoint)
            || (endpoint.Scheme != Uri.UriSchemeHttps && endpoint.Scheme != Uri.UriSchemeHttp)
            || endpoint.Host.Length == 0)
        {
            return "write a whole address that begins with https:// or http://";
        }

        if (endpoint.UserInfo.Length > 0)
        {
            return "leave the user name and password out of the address, and write the key as apiKey";
        }

        return endpoint.Query.Length > 0 || endpoint.Fragment.Length > 0 ? "leave out everything from '?' or '#' on" : null;
    }
}
