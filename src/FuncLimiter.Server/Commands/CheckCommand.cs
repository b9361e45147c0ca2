using System.CommandLine;

namespace FuncLimiter.Server.Commands;

/// <summary><c>check --config FILE</c>: says what is wrong with a configuration, or what it holds.</summary>
internal static class CheckCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var config = CommandLine.Config();
        var command = new Command("check", "Checks a configuration: every mistake with its JSON path and what to write instead.") { config };
        command.SetAction(parsed => Run(parsed.GetRequiredValue(config), parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error));
        return command;
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
