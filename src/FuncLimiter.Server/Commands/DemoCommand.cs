using System.CommandLine;
using System.Globalization;
using FuncLimiter.Server.Demo;
using FuncLimiter.Simulation.Fleets;

namespace FuncLimiter.Server.Commands;

/// <summary><c>demo</c>: a provider double, the server and a fleet of agents, with and without the limiter.</summary>
internal static class DemoCommand
{
    private const int MaxSeconds = 24 * 60 * 60;
    private const int MaxAgents = 2_000;

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var seconds = CommandLine.Parsed<int?>("--seconds", ReadSeconds, $"a whole number of seconds from 1 to {MaxSeconds}");
        seconds.Description = $"Ends after so many seconds, 1 to {MaxSeconds}; without it, at Ctrl+C.";
        var agents = CommandLine.Parsed<int>("--agents", ReadAgents, $"a whole number of agents from {DemoScenario.LeastAgents} to {MaxAgents}");
        agents.Description = $"How many agents call, {DemoScenario.LeastAgents} to {MaxAgents}; each asks for as much, however many there are.";
        agents.DefaultValueFactory = _ => DemoScenario.UsualAgents;
        var json = new Option<bool>("--json") { Description = "Prints one JSON summary at the end, and nothing else." };
        var picture = CommandLine.Parsed<FileInfo>("--picture", CommandLine.ReadFile, "the name of a file");
        picture.Description = "Draws the outcome at the end: NAME-light.svg and NAME-dark.svg.";
        var command = new Command("demo", "Shows a fleet of agents at ten times a provider's limit, or of another size, with and without the limiter.") { seconds, agents, picture, json };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            new DemoScenario { Duration = TimeSpan.FromSeconds(parsed.GetValue(seconds) ?? MaxSeconds), Agents = parsed.GetValue(agents) },
            parsed.GetValue(json),
            parsed.GetValue(picture),
            parsed.InvocationConfiguration.Output,
            parsed.InvocationConfiguration.Error,
            cancellationToken));
        return command;
    }

    private static bool ReadSeconds(string text, out int? seconds)
    {
        seconds = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
        return seconds is >= 1 and <= MaxSeconds;
    }

    private static bool ReadAgents(string text, out int agents) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out agents) && agents is >= DemoScenario.LeastAgents and <= MaxAgents;

    private static async Task<int> RunAsync(
        DemoScenario scenario, bool json, FileInfo? picture, TextWriter output, TextWriter errors, CancellationToken cancellationToken)
    {
        if (!json)
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"One key with {scenario.TokensPerMinute:N0} tokens a minute, and {scenario.Agents} agents that ask for {Math.Round(scenario.Demand, 1)} times that: through FuncLimiter, and beside it without."));
            output.WriteLine("Starting two provider doubles and a server, and warming up for three seconds ...");
        }

        await using var demo = await DemoRun.StartAsync(scenario, cancellationToken);
        if (json)
        {
            await demo.RunAsync(null, cancellationToken);
            output.WriteLine(DemoSummary.Write(demo));
        }
        else
        {
            await DemoView.ShowAsync(demo, CommandOutput.Console(), cancellationToken);
        }

        return picture is null || TryDraw(demo, picture, json ? null : output, errors) ? 0 : 1;
    }

    private static bool TryDraw(DemoRun demo, FileInfo picture, TextWriter? output, TextWriter errors)
    {
        try
        {
            var files = DemoPicture.Write(demo, picture.FullName);
            output?.WriteLine($"Drawn: {string.Join(", ", files)}");
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            errors.WriteLine($"--picture: {exception.Message}");
            return false;
        }
    }
}
