using System.Text.Json;
using FuncLimiter.Server.Tests.Processes;

namespace FuncLimiter.Server.Tests.Commands;

/// <summary>The demonstration as a person runs it: seen at once, comparable, and ended by whatever ends programs.</summary>
[TakesLong]
public sealed class DemoTests
{
    [Theory]
    [InlineData("INT", "Starting two provider doubles", 130)]
    [InlineData("INT", "Ctrl+C ends", 0)]
    [InlineData("INT", "after ", 0)]
    [InlineData("TERM", "Starting two provider doubles", 130)]
    [InlineData("TERM", "after ", 0)]
    [InlineData("HUP", "after ", 0)]
    [InlineData("QUIT", "after ", 0)]
    public async Task Signal_EndsIt(string signal, string when, int exitCode)
    {
        var result = await BuiltProgram.RunAsync("dotnet", [BuiltProgram.File, "demo"], Path.GetTempPath(), when, signal);

        Assert.True(result.ExitCode == exitCode, $"{result.ExitCode}: {result.Output}{result.Errors}");
        Assert.Equal(exitCode == 0, result.Output.Contains("fairness by weight", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("INT")]
    [InlineData("QUIT")]
    public async Task Signal_EndsItAsAShellsBackgroundJobToo(string signal)
    {
        // A shell starts jobs with '&' so that they ignore SIGINT and SIGQUIT.
        var result = await BuiltProgram.RunAsync(
            "sh", ["-c", $"trap '' INT QUIT; exec dotnet '{BuiltProgram.File}' demo"], Path.GetTempPath(), "after ", signal);

        Assert.True(result.ExitCode == 0, result.Output + result.Errors);
    }

    [Theory]
    [InlineData("INT", true)]
    [InlineData("TERM", false)]
    public async Task DotnetRun_PassesSignalsOn(string signal, bool asTerminal)
    {
        string[] run = ["run", "-c", "Release", "--no-build", "--project", Path.Combine(RepositoryRoot.Path, "src", "FuncLimiter.Server"), "--", "demo"];
        var result = asTerminal
            ? await BuiltProgram.RunAsync("setsid", ["--wait", "sh", "-c", "exec \"$0\" \"$@\"", "dotnet", .. run], Path.GetTempPath(), "after ", signal, toGroup: true)
            : await BuiltProgram.RunAsync("dotnet", run, Path.GetTempPath(), "after ", signal);

        Assert.Contains("fairness by weight", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Table_SetsBothSidesBesideEachOtherFromTheFirstTryOn()
    {
        var result = await BuiltProgram.RunAsync(["demo", "--seconds", "4"], Path.GetTempPath());

        Assert.All(
            ["first try to answer", "refusals that agents saw", "calls given up", "calls answered, of those ended", "provider's limit used"],
            row => Assert.Contains(row, result.Output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Json_CountsWaitsFromTheFirstTryAndTellsWhatWasGivenUp()
    {
        var result = await BuiltProgram.RunAsync("dotnet", [BuiltProgram.File, "demo", "--seconds", "8", "--json"], Path.GetTempPath(), "\0", "TERM");

        Assert.Equal((0, ""), (result.ExitCode, result.Errors));
        using var summary = JsonDocument.Parse(result.Output);
        var (limited, baseline) = (summary.RootElement, summary.RootElement.GetProperty("baseline"));
        foreach (var side in new[] { limited, baseline })
        {
            Assert.All(
                ["ok", "agent429", "provider429", "utilization", "waits", "fairness", "gaveUp", "untilAnswer"],
                name => Assert.True(side.TryGetProperty(name, out _), name));
            foreach (var priority in new[] { "interactive", "standard", "background" })
            {
                Assert.True(Number(side, "untilAnswer", priority, "p99") >= Number(side, "untilAnswer", priority, "p50"));
            }
        }

        Assert.True(baseline.GetProperty("gaveUp").GetInt64() > limited.GetProperty("gaveUp").GetInt64());
        Assert.True(Number(baseline, "untilAnswer", "interactive", "p99") > Number(limited, "untilAnswer", "interactive", "p99"));
    }

    private static double Number(JsonElement side, params string[] path) => path.Aggregate(side, (element, name) => element.GetProperty(name)).GetDouble();
}
