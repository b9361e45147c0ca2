using System.Text.RegularExpressions;
using FuncLimiter.Providers;

namespace FuncLimiter.Gateway.Configuration.Reading;

/// <summary>Reads how an account is opened, and by whose credential where by none of its own.</summary>
internal sealed partial class AuthReader(MistakeList mistakes)
{
    private const string Role = "role";
    private const string File = "file";

    /// <summary>What opens accounts besides a key: its name, the provider that takes it, what that is.</summary>
    private static readonly (string Name, string Provider, ProviderAuth Auth, string What)[] Others =
    [
        ("entra", "azure-openai", ProviderAuth.Entra, "token of Entra ID"),
        ("aws", "bedrock", ProviderAuth.Aws, "signature of AWS"),
        ("google", "vertex", ProviderAuth.Google, "token of Google's"),
    ];

    /// <summary>Reads both.</summary>
    /// <param name="provider">Its provider; null where that is wrong.</param>
    public (ProviderAuth Auth, ProviderIdentity Identity) Read(ObjectReader account, string? provider, Uri endpoint)
    {
        var auth = ReadAuth(account, provider);
        var identity = ReadIdentity(account, auth);
        if (auth == ProviderAuth.Aws && provider == "bedrock")
        {
            CheckRegion(account, endpoint);
        }

        return (auth, identity);
    }

    private ProviderAuth ReadAuth(ObjectReader account, string? provider)
    {
        if (account.Text("auth") is not { } written || written == "key")
        {
            return ProviderAuth.Key;
        }

        var (name, taker, auth, what) = Array.Find(Others, other => other.Name == written);
        if (name is null)
        {
            mistakes.Add(account.At("auth"), MistakeList.Quote(written), $"write {Shapes.Account["auth"].Wanted}");
            return ProviderAuth.Entra;
        }

        if (provider is not null && provider != taker)
        {
            mistakes.Add(account.At("auth"), MistakeList.Quote(written), $"write \"key\" and an apiKey: {provider} takes no {what}");
        }
        else if (Array.Find((string[])["apiKey", "apiKeyFile"], account.Has) is { } key)
        {
            mistakes.Add(account.At(key), $"a key beside \"auth\": \"{written}\"", $"leave out {key}, or write \"auth\": \"key\"");
        }

        return auth;
    }

    private ProviderIdentity ReadIdentity(ObjectReader account, ProviderAuth auth)
    {
        if (account.Inner("identity", Shapes.Identity) is not { } reader)
        {
            return ProviderIdentity.Own;
        }

        if (auth is not (ProviderAuth.Aws or ProviderAuth.Google))
        {
            mistakes.Add(account.At("identity"), "an identity that nothing asks for", "leave it out, or write \"auth\": \"aws\" or \"auth\": \"google\"");
            return ProviderIdentity.Own;
        }

        foreach (var name in (string[])(auth == ProviderAuth.Aws ? [File] : ["profile", Role, "externalId"]))
        {
            if (reader.Has(name))
            {
                mistakes.Add(reader.At(name), $"beside \"auth\": \"{Array.Find(Others, other => other.Auth == auth).Name}\"", $"leave out {name}");
            }
        }

        var role = reader.Text(Role);
        if (role is not null && !RoleName().IsMatch(role))
        {
            mistakes.Add(reader.At(Role), MistakeList.Quote(role), $"write {Shapes.Identity[Role].Wanted}");
        }

        var externalId = reader.Text("externalId");
        if (externalId is not null && role is null)
        {
            mistakes.Add(reader.At("externalId"), "an external id without a role", "write the role that asks for it, or leave it out");
        }

        return new ProviderIdentity { Profile = reader.Text("profile"), Role = role, ExternalId = externalId, File = reader.Text(File) };
    }

    private void CheckRegion(ObjectReader account, Uri endpoint)
    {
        var region = account.Text("region");
        if (!RegionName().IsMatch(BedrockRegion.Of(endpoint, region) ?? string.Empty))
        {
            mistakes.Add(account.At("region"), region is null ? MistakeList.Nothing : MistakeList.Quote(region), "write the region that requests are signed for, for example \"us-east-1\"");
        }
    }

    [GeneratedRegex(@"^arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]{1,576}\z", RegexOptions.CultureInvariant)]
    private static partial Regex RoleName();

    [GeneratedRegex(@"^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}\z", RegexOptions.CultureInvariant)]
    private static partial Regex RegionName();
}
