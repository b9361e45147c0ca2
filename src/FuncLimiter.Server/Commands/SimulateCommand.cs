using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.WhatIf.Virtual;
using FuncLimiter.WhatIf.Virtual.Reading;

namespace FuncLimiter.Server.Commands;

/// <summary><c>simulate --config FILE --fleet FILE --seed N</c>: a fleet in virtual time.</summary>
internal static class SimulateCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var config = CommandLine.Config();
        var fleet = CommandLine.File("--fleet", "Who calls, and what goes wrong; see docs/planning.md.");
        var seed = CommandLine.Parsed<ulong>("--seed", ReadSeed, $"a whole number from 0 to {ulong.MaxValue}");
        (seed.Description, seed.DefaultValueFactory) = ("What chance is drawn from: the same seed plays out alike.", _ => 1);
        var json = CommandOutput.Json();
        var command = new Command("simulate", "Plays a fleet in virtual time: what if limits, fleets or outages were these.") { config, fleet, seed, json };
        command.SetAction((parsed, cancellationToken) => Task.FromResult(Run(
            parsed.GetRequiredValue(config),
            parsed.GetRequiredValue(fleet),
            parsed.GetValue(seed),
            parsed.GetValue(json) ? parsed.InvocationConfiguration.Output : null,
            parsed.InvocationConfiguration.Error,
            cancellationToken)));
        return command;
    }

    private static bool ReadSeed(string text, out ulong seed) => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out seed);

    private static int Run(FileInfo config, FileInfo fleetFile, ulong seed, TextWriter? json, TextWriter errors, CancellationToken cancellationToken)
    {
        if (WhatIfFile.Configuration(config, errors) is not { } configuration
            || WhatIfFile.Read(fleetFile, (element, mistakes) => FleetReader.Read(element, configuration, mistakes), errors) is not { } fleet)
        {
            return 1;
        }

        var begun = Stopwatch.GetTimestamp();
        try
        {
            var report = CommandOutput.WithProgress(
                "simulating", json is null, onProgress => Play(configuration, fleet, seed, onProgress, cancellationToken));
            if (json is not null)
            {
                json.WriteLine(CommandOutput.Serialize(report));
                return 0;
            }

            SimulationView.Show(report, Stopwatch.GetElapsedTime(begun), CommandOutput.Console());
            return 0;
        }
        catch (OperationCanceledException)
        {
            errors.WriteLine("Given up before the end.");
            return 1;
        }
    }

    private static SimulationReport Play(
        GatewayConfiguration configuration, VirtualFleet fleet, ulong seed, Action<double>? onProgress, CancellationToken cancellationToken)
    {
        var run = new VirtualRun(configuration, fleet, seed);
        run.Play(onProgress, cancellationToken);
        return SimulationReport.Of(run, configuration, fleet, seed);
    }
}
