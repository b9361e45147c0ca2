using System.CommandLine;
using FuncLimiter.Server.Demo;
using Spectre.Console;

namespace FuncLimiter.Server.Commands;

/// <summary><c>demo</c>: a provider double, the server and a fleet of agents, with and without the limiter.</summary>
internal static class DemoCommand
{
    private const int MaxSeconds = 24 * 60 * 60;

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var seconds = new Option<int?>("--seconds") { Description = $"Ends after so many seconds, 1 to {MaxSeconds}; without it, at Ctrl+C." };
        seconds.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is < 1 or > MaxSeconds)
            {
                result.AddError($"--seconds must be 1 to {MaxSeconds}.");
            }
        });
        var json = new Option<bool>("--json") { Description = "Prints one JSON summary at the end, and nothing else." };
        var command = new Command("demo", "Shows a fleet of agents at ten times a provider's limit, with and without the limiter.") { seconds, json };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            TimeSpan.FromSeconds(parsed.GetValue(seconds) ?? MaxSeconds), parsed.GetValue(json), parsed.InvocationConfiguration.Output, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(TimeSpan duration, bool json, TextWriter output, CancellationToken cancellationToken)
    {
        await using var demo = await DemoRun.StartAsync(duration, cancellationToken);
        if (json)
        {
            await demo.RunAsync(null, cancellationToken);
            output.WriteLine(DemoSummary.Write(demo.Limited, demo.Baseline));
            return 0;
        }

        await DemoView.ShowAsync(demo, AnsiConsole.Console, cancellationToken);
        return 0;
    }
}
