using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using FuncLimiter.Server.Tests.Processes;
using FuncLimiter.Simulation.Providers;

namespace FuncLimiter.Client.Tests;

/// <summary>The sample as its page says to run it, and the page as the sample stands.</summary>
public sealed partial class SampleTests
{
    private static readonly string Root = RepositoryRoot();

    [Fact]
    public async Task Sample_RunAsItsPageSays_PrintsWhatThePageShows()
    {
        await using var upstream = await ProviderDouble.StartAsync(new() { Deployments = [new("any", "gpt-4o-mini") { Dialect = ProviderDialect.OpenAI }] });
        var configuration = JsonSerializer.Serialize(new
        {
            accounts = new[]
            {
                new { id = "openai", provider = "openai", apiKey = "${OPENAI_API_KEY}", endpoint = upstream.BaseAddress, models = new[] { new { model = "gpt-4o-mini" } } },
            },
        });
        await using var server = await OwnServer.StartAsync(configuration, ("OPENAI_API_KEY", "any"));
        var start = new ProcessStartInfo("dotnet", ["run", "samples/dotnet/agent.cs"]) { WorkingDirectory = Root, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["FUNCLIMITER_URL"] = server.Address.ToString();

        using var run = Process.Start(start)!;
        var errors = run.StandardError.ReadToEndAsync();
        var printed = await run.StandardOutput.ReadToEndAsync();
        await run.WaitForExitAsync();

        Assert.True(run.ExitCode == 0, $"{printed}{await errors}");
        Assert.Equal(Blocks("text").Single().ReplaceLineEndings(), printed.Trim().ReplaceLineEndings());
    }

    [Fact]
    public void Code_OnThePage_StandsInTheSample()
    {
        var sample = File.ReadAllText(Path.Combine(Root, "samples", "dotnet", "agent.cs")).ReplaceLineEndings("\n");

        Assert.All(Blocks("csharp"), block => Assert.Contains(block, sample, StringComparison.Ordinal));
    }

    private static IReadOnlyList<string> Blocks(string language)
    {
        var page = File.ReadAllText(Path.Combine(Root, "docs", "dotnet.md")).ReplaceLineEndings("\n");
        return [.. Fence().Matches(page).Where(fence => fence.Groups[1].Value == language).Select(fence => fence.Groups[2].Value.Trim('\n'))];
    }

    private static string RepositoryRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "FuncLimiter.sln")))
        {
            folder = folder.Parent;
        }

        return folder.FullName;
    }

    [GeneratedRegex(@"^```(\w+)\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();
}
