using System.CommandLine;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.WhatIf.Planning;
using FuncLimiter.WhatIf.Virtual.Reading;

namespace FuncLimiter.Server.Commands;

/// <summary><c>plan --volumes FILE [--config FILE]</c>: from call volumes to quotas and weights.</summary>
internal static class PlanCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var volumes = CommandLine.File("--volumes", "What teams mean to call; see docs/planning.md.");
        var config = CommandLine.Config();
        (config.Description, config.Required) = ("The configuration, funclimiter.json; may stand in the volumes file instead.", false);
        var json = CommandOutput.Json();
        var command = new Command("plan", "Plans quotas and weights: what fits, what is missing, and who would wait how long.") { volumes, config, json };
        command.SetAction(parsed => Run(
            parsed.GetRequiredValue(volumes),
            parsed.GetValue(config),
            parsed.GetValue(json) ? parsed.InvocationConfiguration.Output : null,
            parsed.InvocationConfiguration.Error));
        return command;
    }

    private static int Run(FileInfo file, FileInfo? config, TextWriter? json, TextWriter errors)
    {
        GatewayConfiguration? configuration = null;
        if (config is not null && (configuration = WhatIfFile.Configuration(config, errors)) is null)
        {
            return 1;
        }

        if (WhatIfFile.Read(file, (element, mistakes) => VolumesReader.Read(element, configuration, mistakes), errors) is not { } volumes)
        {
            return 1;
        }

        var report = CommandOutput.WithProgress("planning", json is null, onProgress => PlanReport.Of(volumes, onProgress));
        if (json is not null)
        {
            json.WriteLine(CommandOutput.Serialize(report));
        }
        else
        {
            PlanView.Show(report, CommandOutput.Console());
        }

        return 0;
    }
}
