using System.Text.Json;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Gateway.Configuration.Reading;

/// <summary>Reads the tenants.</summary>
internal sealed class TenantsReader(MistakeList mistakes, SecretReader secrets, IReadOnlyList<AccountConfiguration> accounts, IReadOnlyList<string> routes)
{
    private const decimal MostWeight = 1_000_000;

    private readonly LimitsReader _limits = new(mistakes);
    private readonly AllowanceReader _allowances = new(mistakes, accounts);

    public List<TenantConfiguration> Read(ObjectReader root)
    {
        var tenants = new List<TenantConfiguration>();
        var ids = new UniqueNames(mistakes, "another tenant");
        var keys = new KeyReader(mistakes, secrets, Shapes.Key, KeyUse.Calls, KeyUse.Jobs, KeyUse.Reservations, KeyUse.Usage);
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

    private List<string> Models(ObjectReader tenant)
    {
        const string name = "models";
        var models = new List<string>();
        var unique = new UniqueNames(mistakes, "there");
        foreach (var (path, element) in tenant.List(name, required: tenant.Has(name)))
        {
            if (element.ValueKind != JsonValueKind.String || element.GetString() is not { Length: > 0 } model)
            {
                mistakes.Add(path, MistakeList.Show(element), $"write {Shapes.Tenant[name].Wanted}");
                continue;
            }

            CheckRoute(model, path);
            unique.Add(model, path);
            models.Add(model);
        }

        return models;
    }

    private bool CheckRoute(string model, string path)
    {
        if (routes.Contains(model, StringComparer.Ordinal))
        {
            return true;
        }

        mistakes.Add(path, $"{MistakeList.Quote(model)}: there is no such route", NearestName.Of(model, routes) is { } nearest ? $"write \"{nearest}\"" : "leave it out");
        return false;
    }

    private List<TenantModelLimits> ModelLimits(ObjectReader tenant, LimitSet own, List<string> models)
    {
        var all = new List<TenantModelLimits>();
        var unique = new UniqueNames(mistakes, "there");
        foreach (var (path, element) in tenant.List("modelLimits"))
        {
            if (ObjectReader.Open(element, path, Shapes.ModelLimits, mistakes) is not { } reader)
            {
                continue;
            }

            var model = reader.Text("model", required: true);
            var limits = _limits.Read(reader, CountingRule.Consumer);
            _limits.CheckWithin(path, limits, own, "its tenant's");
            unique.Add(model, reader.At("model"));
            if (model is null || !CheckRoute(model, reader.At("model")))
            {
                continue;
            }

            if (models.Count > 0 && !models.Contains(model))
            {
                mistakes.Add(reader.At("model"), $"{MistakeList.Quote(model)}, which is not among the tenant's models", "add it there, or leave these limits out");
            }

            if (Shapes.ConsumerLimits.Members.All(member => !reader.Has(member.Name)))
            {
                mistakes.Add(path, "no limit", $"write {Shapes.Tenant["modelLimits"].Wanted}");
            }

            all.Add(new(model, limits.Limits));
        }

        return all;
    }

    private TenantConfiguration ReadTenant(ObjectReader reader, UniqueNames ids, KeyReader keys)
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

        var itsKeys = keys.Read(reader, "keys");
        var weight = reader.Number("weight", 0, MostWeight, aboveLeast: true) ?? 1;
        var own = _limits.Read(reader, "limits", CountingRule.Consumer);
        var user = _limits.Read(reader, "userLimits", CountingRule.Consumer);
        _limits.CheckWithin(reader.At("userLimits"), user, own, "its tenant's");
        var models = Models(reader);
        return new TenantConfiguration(id ?? string.Empty, itsKeys, (double)weight, own.Limits, user.Limits)
        {
            HighestPriority = HighestPriority(reader),
            Allow = _allowances.Read(reader),
            Models = models,
            ModelLimits = ModelLimits(reader, own, models),
            Organization = reader.Text("organization"),
            ReportsLimits = reader.Truth("reportsLimits") ?? false,
            WebhookSecret = secrets.Secret(reader, "webhookSecret"),
        };
    }
}

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
