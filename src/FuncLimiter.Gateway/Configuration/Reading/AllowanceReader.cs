using System.Text.Json;

namespace FuncLimiter.Gateway.Configuration.Reading;

/// <summary>Reads where a tenant's calls may go; what no account has is a mistake.</summary>
internal sealed class AllowanceReader(MistakeList mistakes, IReadOnlyList<AccountConfiguration> accounts)
{
    public TenantAllowance? Read(ObjectReader tenant)
    {
        if (tenant.Inner("allow", Shapes.Allow) is not { } reader)
        {
            return null;
        }

        var allowance = new TenantAllowance(
            Names(reader, "providers", "no account is of", accounts.Select(account => account.Provider)),
            Names(reader, "regions", "no account is in", accounts.Select(account => account.Region).OfType<string>()),
            Names(reader, "accounts", "there is no account", accounts.Select(account => account.Id)))
        {
            Paths = PathPatterns.Read(reader, Shapes.Allow, mistakes),
        };
        if (accounts.Count > 0 && mistakes.Count == 0 && !accounts.Any(allowance.Admits))
        {
            mistakes.Add(reader.Path, "what no account meets as a whole", "leave the tenant at least one account");
        }

        return allowance;
    }

    private List<string> Names(ObjectReader reader, string member, string missing, IEnumerable<string> known)
    {
        var names = new List<string>();
        var all = known.Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        foreach (var (path, element) in reader.List(member))
        {
            if (element.ValueKind != JsonValueKind.String || element.GetString() is not { Length: > 0 } name)
            {
                mistakes.Add(path, MistakeList.Show(element), $"write {Shapes.Allow[member].Wanted}");
            }
            else if (!all.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                mistakes.Add(path, $"{MistakeList.Quote(name)}: {missing} it", NearestName.Of(name, all) is { } nearest ? $"write \"{nearest}\"" : "leave it out");
            }
            else
            {
                names.Add(name);
            }
        }

        return names;
    }
}
