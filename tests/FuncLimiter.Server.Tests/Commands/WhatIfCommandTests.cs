using System.Text.Json;
using FuncLimiter.Server.Tests.Processes;

namespace FuncLimiter.Server.Tests.Commands;

/// <summary>The commands that ask what would be, as a person types them.</summary>
public sealed class WhatIfCommandTests
{
    private const string Configuration = """
        { "accounts": [{ "id": "o", "provider": "openai", "apiKey": "${NOT_SET_ANYWHERE}", "models": [{ "model": "m", "limits": { "rpm": 60 } }] }] }
        """;

    private const string Fleet = """
        { "hours": 1, "tenants": [{ "id": "a", "groups": [{ "route": "m", "callsPerHour": 600, "inputTokens": 100, "outputTokens": 20 }] }] }
        """;

    private const string Volumes = """
        { "teams": [{ "id": "a", "work": [{ "route": "m", "callsPerHour": 600, "inputTokens": 100, "outputTokens": 20 }] }] }
        """;

    [Fact]
    public async Task Simulate_WithJson_PrintsOneDocumentThatTheSeedRepeats()
    {
        using var folder = new ServerFolder(Configuration);
        var fleet = Write(folder, "fleet.json", Fleet);

        var first = await folder.RunAsync("simulate", "--config", folder.ConfigurationFile, "--fleet", fleet, "--seed", "7", "--json");
        var second = await folder.RunAsync("simulate", "--config", folder.ConfigurationFile, "--fleet", fleet, "--seed", "7", "--json");

        Assert.Equal((0, ""), (first.ExitCode, first.Errors));
        Assert.Equal(first.Output, second.Output);
        using var report = JsonDocument.Parse(first.Output);
        Assert.Equal(7, report.RootElement.GetProperty("seed").GetInt32());
        Assert.Equal("o/m", report.RootElement.GetProperty("deployments")[0].GetProperty("deployment").GetString());
    }

    [Fact]
    public async Task Plan_InWords_SaysWhetherItFits()
    {
        using var folder = new ServerFolder(Configuration);

        var result = await folder.RunAsync("plan", "--config", folder.ConfigurationFile, "--volumes", Write(folder, "volumes.json", Volumes));

        Assert.Equal((0, ""), (result.ExitCode, result.Errors));
        Assert.Contains("It fits", result.Output, StringComparison.Ordinal);
        Assert.Contains("Nobody waits.", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plan_WithJson_PrintsOneDocument()
    {
        using var folder = new ServerFolder(Configuration);

        var result = await folder.RunAsync("plan", "--config", folder.ConfigurationFile, "--volumes", Write(folder, "volumes.json", Volumes), "--json");

        using var report = JsonDocument.Parse(result.Output);
        Assert.True(report.RootElement.GetProperty("fits").GetBoolean());
        Assert.Equal(14_400, report.RootElement.GetProperty("callsPerDay").GetInt32());
    }

    [Fact]
    public async Task Check_WithJson_ListsMistakesForPrograms()
    {
        using var folder = new ServerFolder(Configuration);

        var result = await folder.RunAsync("check", "--config", folder.ConfigurationFile, "--json");

        Assert.Equal((1, ""), (result.ExitCode, result.Errors));
        using var report = JsonDocument.Parse(result.Output);
        Assert.False(report.RootElement.GetProperty("valid").GetBoolean());
        Assert.Equal("$.accounts[0].apiKey", report.RootElement.GetProperty("mistakes")[0].GetProperty("path").GetString());
    }

    [Theory]
    [InlineData("plan", "--volumes", "$.teams")]
    [InlineData("simulate", "--fleet", "$.tenants")]
    public async Task Command_OfABrokenFile_TellsTheMistakesAndEndsWithOne(string command, string option, string path)
    {
        using var folder = new ServerFolder(Configuration);

        var result = await folder.RunAsync(command, "--config", folder.ConfigurationFile, option, Write(folder, "broken.json", "{}"));

        Assert.Equal((1, ""), (result.ExitCode, result.Output));
        Assert.Contains($"{path}: found nothing; write a list of at least one", result.Errors, StringComparison.Ordinal);
        Assert.Contains("1 mistake in", result.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bash", "complete -o default -F")]
    [InlineData("zsh", "compdef")]
    [InlineData("pwsh", "Register-ArgumentCompleter")]
    public async Task Completion_PrintsTheShellsScript(string shell, string words)
    {
        using var folder = new ServerFolder(Configuration);

        var result = await folder.RunAsync("completion", shell);

        Assert.Contains(words, result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("FuncLimiter.Server sim", "simulate")]
    [InlineData("FuncLimiter.Server plan --vol", "--volumes")]
    public async Task Suggest_CompletesCommandsAndOptions(string line, string expected)
    {
        using var folder = new ServerFolder(Configuration);

        var result = await folder.RunAsync($"[suggest:{line.Length}]", line);

        Assert.Contains(expected, result.Output, StringComparison.Ordinal);
    }

    private static string Write(ServerFolder folder, string name, string text)
    {
        var path = Path.Combine(Path.GetDirectoryName(folder.ConfigurationFile)!, name);
        File.WriteAllText(path, text);
        return path;
    }
}
