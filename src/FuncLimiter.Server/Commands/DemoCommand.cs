using System.CommandLine;
using System.Globalization;
using FuncLimiter.Server.Demo;

namespace FuncLimiter.Server.Commands;

/// <summary><c>demo</c>: a provider double, the server and a fleet of agents, with and without the limiter.</summary>
internal static class DemoCommand
{
    private const int MaxSeconds = 24 * 60 * 60;

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var seconds = CommandLine.Parsed<int?>("--seconds", ReadSeconds, $"a whole number of seconds from 1 to {MaxSeconds}");
        seconds.Description = $"Ends after so many seconds, 1 to {MaxSeconds}; without it, at Ctrl+C.";
        var json = new Option<bool>("--json") { Description = "Prints one JSON summary at the end, and nothing else." };
        var command = new Command("demo", "Shows a fleet of agents at ten times a provider's limit, with and without the limiter.") { seconds, json };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            TimeSpan.FromSeconds(parsed.GetValue(seconds) ?? MaxSeconds), parsed.GetValue(json), parsed.InvocationConfiguration.Output, cancellationToken));
        return command;
    }

    private static bool ReadSeconds(string text, out int? seconds)
    {
        seconds = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
        return seconds is >= 1 and <= MaxSeconds;
    }

    private static async Task<int> RunAsync(TimeSpan duration, bool json, TextWriter output, CancellationToken cancellationToken)
    {
        if (!json)
        {
            output.WriteLine("One key with 120,000 tokens a minute, and 243 agents that ask for ten times that: through FuncLimiter, and beside it without.");
            output.WriteLine("Starting two provider doubles and a server, and warming up for three seconds ...");
        }

        await using var demo = await DemoRun.StartAsync(duration, cancellationToken);
        if (json)
        {
            await demo.RunAsync(null, cancellationToken);
            output.WriteLine(DemoSummary.Write(demo.Limited, demo.Baseline));
            return 0;
        }

        await DemoView.ShowAsync(demo, CommandOutput.Console(), cancellationToken);
        return 0;
    }
}
