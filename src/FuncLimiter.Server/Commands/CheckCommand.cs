using System.CommandLine;
using FuncLimiter.Gateway.Configuration;

namespace FuncLimiter.Server.Commands;

/// <summary><c>check --config FILE</c>: says what is wrong with a configuration, or what it holds.</summary>
internal static class CheckCommand
{
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
        byte[] json;
        try
        {
            json = File.ReadAllBytes(file.FullName);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            errors.WriteLine($"{file}: {exception.Message}");
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
        }));
        return result.IsValid ? 0 : 1;
    }

    /// <returns>The exit code: 1 where there are mistakes.</returns>
    private static int Run(FileInfo file, TextWriter output, TextWriter errors)
    {
        if (ConfigurationFile.Read(file, errors) is not { } configuration)
        {
            return 1;
        }

        var deployments = configuration.Accounts.Sum(account => account.Models.Count);
        var tenants = configuration.Tenants.Count == 0 ? "no tenants, so it serves this machine only" : $"{configuration.Tenants.Count} tenants";
        output.WriteLine($"{file} is valid: {configuration.Accounts.Count} accounts, {deployments} deployments, {configuration.Routes.Count} routes, {tenants}.");
        return 0;
    }
}
