using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.WhatIf.Replaying;
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
        var record = CommandLine.File("--record", "Where its calls are recorded, to be played again by replay. A file that is there already stays as it is.");
        record.Required = false;
        var json = CommandOutput.Json();
        var command = new Command("simulate", "Plays a fleet in virtual time: what if limits, fleets or outages were these.") { config, fleet, seed, record, json };
        command.SetAction((parsed, cancellationToken) => Task.FromResult(Run(
            parsed.GetRequiredValue(config),
            parsed.GetRequiredValue(fleet),
            parsed.GetValue(seed),
            parsed.GetValue(record),
            parsed.GetValue(json) ? parsed.InvocationConfiguration.Output : null,
            parsed.InvocationConfiguration.Error,
            cancellationToken)));
        return command;
    }

    private static bool ReadSeed(string text, out ulong seed) => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out seed);

    private static int Run(FileInfo config, FileInfo fleetFile, ulong seed, FileInfo? recordFile, TextWriter? json, TextWriter errors, CancellationToken cancellationToken)
    {
        if (WhatIfFile.Configuration(config, errors) is not { } configuration
            || WhatIfFile.Read(fleetFile, (element, mistakes) => FleetReader.Read(element, configuration, mistakes), errors) is not { } fleet)
        {
            return 1;
        }

        var begun = Stopwatch.GetTimestamp();
        try
        {
            using var record = recordFile is null ? null : new FileStream(recordFile.FullName, FileMode.CreateNew);
            var report = CommandOutput.WithProgress(
                "simulating", json is null, onProgress => Play(configuration, fleet, seed, record, onProgress, cancellationToken));
            if (json is not null)
            {
                json.WriteLine(CommandOutput.Serialize(report));
                return 0;
            }

            SimulationView.Show(report, Stopwatch.GetElapsedTime(begun), CommandOutput.Console());
            return 0;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            errors.WriteLine(failure.Message);
            return 1;
        }
        catch (OperationCanceledException)
        {
            errors.WriteLine("Given up before the end.");
            return 1;
        }
    }

    private static SimulationReport Play(
        GatewayConfiguration configuration, VirtualFleet fleet, ulong seed, Stream? record, Action<double>? onProgress, CancellationToken cancellationToken)
    {
        var sink = record is null ? null : new RecordWriter(record, configuration, ProviderSetup.Epoch + fleet.StartsAt);
        var run = new VirtualRun(configuration, fleet, seed, sink);
        run.Play(onProgress, cancellationToken);
        return SimulationReport.Of(run, configuration, fleet, seed);
    }
}
