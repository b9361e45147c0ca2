using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using FuncLimiter.Server.Tests.Processes;
using FuncLimiter.Simulation.Providers;

namespace FuncLimiter.Server.Tests.Sdk;

/// <summary>The programs of <c>samples</c>, run where they stand, in front of the server of the README's first steps: they print what they say.</summary>
public sealed partial class SampleProgramTests(SampleServer server) : IClassFixture<SampleServer>
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);
    private static readonly string Folder = Path.Combine(RepositoryRoot.Path, "samples");

    // FuncLimiter.Client's tests run the first; the second is of the app on Azure, whose tests run it.
    private static readonly string[] RunElsewhere = ["agent.cs", "service-bus.cs"];

    public static TheoryData<string> DotNet => [.. Files("dotnet", "*.cs").Except(RunElsewhere)];

    public static TheoryData<string> JavaScript => [.. Files("node", "*.mjs")];

    [Theory]
    [MemberData(nameof(DotNet))]
    public Task ProgramInDotNet_PrintsWhatItSays_AndSaysWhoCalls(string file) =>
        RunAsync("dotnet", file, "dotnet", "run", Path.Combine(Folder, "dotnet", file));

    [JavaScriptTheory]
    [MemberData(nameof(JavaScript))]
    public Task ProgramInJavaScript_PrintsWhatItSays_AndSaysWhoCalls(string file) => RunAsync(
        "node", file, JavaScriptSuite.Node!, "--import", new Uri(Path.Combine(JavaScriptSuite.Folder, "support", "packages.mjs")).ToString(), Path.Combine(Folder, "node", file));

    [Fact]
    public void EveryProgram_IsOnThePage()
    {
        var page = File.ReadAllText(Path.Combine(RepositoryRoot.Path, "docs", "examples.md"));

        Assert.All(Files("dotnet", "*.cs").Select(file => $"dotnet/{file}").Concat(Files("node", "*.mjs").Select(file => $"node/{file}")),
            file => Assert.Contains($"](../samples/{file})", page, StringComparison.Ordinal));
    }

    private async Task RunAsync(string folder, string file, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = Folder, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["FUNCLIMITER_URL"] = server.Address.ToString().TrimEnd('/');
        using var run = Process.Start(start)!;
        using var deadline = new CancellationTokenSource(Longest);
        var (printed, errors) = (run.StandardOutput.ReadToEndAsync(deadline.Token), run.StandardError.ReadToEndAsync(deadline.Token));
        await run.WaitForExitAsync(deadline.Token);

        Assert.True(run.ExitCode == 0, $"{await printed}{await errors}");
        Assert.Equal(Promise().Match(await File.ReadAllTextAsync(Path.Combine(Folder, folder, file), deadline.Token)).Groups[1].Value, (await printed).Trim());
        var step = $"{folder}/{Path.GetFileNameWithoutExtension(file)}";
        await Wait.UntilAsync(async () => await server.AnsweredAsync(step) > 0);
    }

    private static IEnumerable<string> Files(string folder, string pattern) =>
        Directory.EnumerateFiles(Path.Combine(Folder, folder), pattern).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal);

    [GeneratedRegex(@"^// It prints: (.+?)\r?$", RegexOptions.Multiline)]
    private static partial Regex Promise();
}

/// <summary>The server of the README's first steps, with the provider double behind it.</summary>
public sealed partial class SampleServer : IAsyncLifetime
{
    private ProviderDouble _provider = null!;
    private OwnServer _server = null!;

    /// <summary>Where it listens.</summary>
    public Uri Address => _server.Address;

    public async Task InitializeAsync()
    {
        _provider = await ProviderDouble.StartAsync(new()
        {
            Deployments =
            [
                new("any", "gpt-4o-mini") { Limits = [LimitOptions.Rpm(6_000)] },
                new("any", "claude-haiku-4-5") { Dialect = ProviderDialect.Anthropic, Limits = [LimitOptions.Rpm(6_000)] },
            ],
        });
        var configuration = await File.ReadAllTextAsync(Path.Combine(RepositoryRoot.Path, "docs", "samples", "first-steps.json"));
        _server = await OwnServer.StartAsync(
            Double().Replace(configuration, _provider.BaseAddress.GetLeftPart(UriPartial.Authority)), ("OPENAI_API_KEY", "any"), ("ANTHROPIC_API_KEY", "any"));
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        await _provider.DisposeAsync();
    }

    /// <summary>How many calls of a step of the samples were answered.</summary>
    public async Task<int> AnsweredAsync(string step)
    {
        using var client = new HttpClient { BaseAddress = Address };
        using var usage = JsonDocument.Parse(await client.GetStringAsync($"/usage?workflow=samples&step={Uri.EscapeDataString(step)}"));
        return usage.RootElement.GetProperty("total").GetProperty("answered").GetInt32();
    }

    [GeneratedRegex(@"http://127\.0\.0\.1:\d+")]
    private static partial Regex Double();
}
