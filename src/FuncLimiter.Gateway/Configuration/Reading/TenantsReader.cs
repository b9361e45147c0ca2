using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Gateway.Configuration.Reading;

/// <summary>Reads the tenants.</summary>
internal sealed class TenantsReader(MistakeList mistakes, SecretReader secrets, IReadOnlyList<AccountConfiguration> accounts)
{
    private const decimal MostWeight = 1_000_000;

    private readonly LimitsReader _limits = new(mistakes);
    private readonly AllowanceReader _allowances = new(mistakes, accounts);

    public List<TenantConfiguration> Read(ObjectReader root)
    {
        var tenants = new List<TenantConfiguration>();
        var ids = new UniqueNames(mistakes, "another tenant");
        var keys = new KeyHashReader(mistakes, secrets);
        foreach (var (path, element) in root.List("tenants"))
        {
            if (ObjectReader.Open(element, path, Shapes.Tenant, mistakes) is { } reader)
            {
                tenants.Add(ReadTenant(reader, ids, keys));
            }
        }

        return tenants;
    }

    private Priority HighestPriority(ObjectReader reader)
    {
        const string name = "highestPriority";
        switch (reader.Text(name))
        {
            case null or "interactive": return Priority.Interactive;
            case "standard": return Priority.Standard;
            case "background": return Priority.Background;
            case var text:
                mistakes.Add(reader.At(name), MistakeList.Quote(text), $"write {Shapes.Tenant[name].Wanted}");
                return Priority.Interactive;
        }
    }

    private TenantConfiguration ReadTenant(ObjectReader reader, UniqueNames ids, KeyHashReader keys)
    {
        var id = reader.Text("id", required: true);
        if (id is not null && !AccountsReader.IsId(id))
        {
            mistakes.Add(reader.At("id"), MistakeList.Quote(id), $"write {Shapes.Tenant["id"].Wanted}");
        }
        else
        {
            ids.Add(id, reader.At("id"));
        }

        var hashes = keys.Read(reader, "keys", required: true);
        var weight = reader.Number("weight", 0, MostWeight, aboveLeast: true) ?? 1;
        var own = _limits.Read(reader, "limits", CountingRule.Consumer);
        var user = _limits.Read(reader, "userLimits", CountingRule.Consumer);
        _limits.CheckWithin(reader.At("userLimits"), user, own, "its tenant's");
        return new TenantConfiguration(id ?? string.Empty, hashes, (double)weight, own.Limits, user.Limits)
        {
            HighestPriority = HighestPriority(reader),
            Allow = _allowances.Read(reader),
            Organization = reader.Text("organization"),
            ReportsLimits = reader.Truth("reportsLimits") ?? false,
            WebhookSecret = secrets.Secret(reader, "webhookSecret"),
        };
    }
}
