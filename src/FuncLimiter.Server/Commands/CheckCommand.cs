using System.CommandLine;
using FuncLimiter.Gateway.Configuration;

namespace FuncLimiter.Server.Commands;

/// <summary><c>check --config FILE</c>: says what is wrong with a configuration, or what it holds.</summary>
internal static class CheckCommand
{
    private const int SoonDays = 30;

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var config = CommandLine.Config();
        var json = CommandOutput.Json();
        var command = new Command("check", "Checks a configuration: every mistake with its JSON path and what to write instead.") { config, json };
        command.SetAction(parsed => parsed.GetValue(json)
            ? RunForPrograms(parsed.GetRequiredValue(config), parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error)
            : Run(parsed.GetRequiredValue(config), parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error));
        return command;
    }

    /// <returns>The exit code: 1 where there are mistakes.</returns>
    private static int RunForPrograms(FileInfo file, TextWriter output, TextWriter errors)
    {
        if (new ConfigurationFile(file).Bytes(errors) is not { } json)
        {
            return 1;
        }

        var result = ConfigurationReader.Read(json, Environment.GetEnvironmentVariable);
        output.WriteLine(CommandOutput.Serialize(new
        {
            Valid = result.IsValid,
            Accounts = result.Configuration?.Accounts.Count ?? 0,
            Deployments = result.Configuration?.Accounts.Sum(account => account.Models.Count) ?? 0,
            Routes = result.Configuration?.Routes.Count ?? 0,
            Tenants = result.Configuration?.Tenants.Count ?? 0,
            result.Mistakes,
            Notes = result.Configuration is { } valid ? Notes(valid) : [],
        }));
        return result.IsValid ? 0 : 1;
    }

    /// <returns>The exit code: 1 where there are mistakes.</returns>
    private static int Run(FileInfo file, TextWriter output, TextWriter errors)
    {
        if (new ConfigurationFile(file).Read(errors) is not { } configuration)
        {
            return 1;
        }

        var deployments = configuration.Accounts.Sum(account => account.Models.Count);
        var tenants = configuration.Tenants.Count == 0 ? "no tenants, so it serves this machine only" : Count(configuration.Tenants.Count, "tenant");
        output.WriteLine($"{file} is valid: {Count(configuration.Accounts.Count, "account")}, {Count(deployments, "deployment")}, {Count(configuration.Routes.Count, "route")}, {tenants}.");
        foreach (var note in Notes(configuration))
        {
            output.WriteLine(note);
        }

        return 0;
    }

    private static string Count(int count, string what) => count == 1 ? $"1 {what}" : $"{count} {what}s";

    /// <summary>What is no mistake, and yet should be known: an expired key must not keep a server from starting again.</summary>
    private static List<string> Notes(GatewayConfiguration configuration)
    {
        var today = DateOnly.FromDateTime(DateTime.UtcNow);
        return [.. PriceNotes(configuration, today), .. configuration.Tenants.SelectMany(tenant => tenant.Keys.Select(key => (Owner: $"the tenant {tenant.Id}", Key: key)))
            .Concat(configuration.Admin.Keys.Select(key => (Owner: "the administration", Key: key)))
            .Where(held => held.Key.Expires <= today.AddDays(SoonDays))
            .OrderBy(held => held.Key.Expires)
            .Select(held => $"The key {held.Key.Name} of {held.Owner} {(held.Key.Expires < today ? "was taken until" : "is taken until")} {held.Key.Expires:yyyy-MM-dd}.")];
    }

    private static IEnumerable<string> PriceNotes(GatewayConfiguration configuration, DateOnly today)
    {
        var catalogue = configuration.Prices ?? PriceCatalogue.Shipped;
        foreach (var (account, model) in configuration.Accounts.SelectMany(static account => account.Models.Select(model => (account, model))))
        {
            if (model.Price is { } price && catalogue.Find(account.Provider, model.Model) is { } listed)
            {
                if (PriceCatalogue.Difference(price, listed.Price) is { } difference)
                {
                    yield return $"The price of {account.Id}/{model.Model} is not the catalogue's, which was seen on {listed.Seen:yyyy-MM-dd}: {difference}.";
                }
                else if (configuration.Prices is not null && listed.IsOld(today))
                {
                    yield return $"The price of {account.Id}/{model.Model} was seen on {listed.Seen:yyyy-MM-dd}, more than {PriceCatalogue.FreshDays} days ago ({listed.Source}).";
                }
            }
        }
    }
}
