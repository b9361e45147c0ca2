using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using FuncLimiter.Functions.EndToEnd.Tests.Hosting;
using FuncLimiter.Server.Tests.Processes;
using FuncLimiter.Server.Tests.Sdk;
using Xunit.Abstractions;

namespace FuncLimiter.Functions.EndToEnd.Tests.Fleets;

/// <summary>Agents on the npm packages of OpenAI and Anthropic, of which base URL and key alone are changed.</summary>
public sealed class JavaScriptFleetTests(ITestOutputHelper output)
{
    private const int Agents = 20;
    private const int Seconds = 15;

    [JavaScriptFleetFact]
    public async Task Fleet_OnTheOfficialClients_IsAnsweredAsFastAsItsLimitsAllow_AndNeverRefused()
    {
        await using var setup = await AppSetup.CreateAsync(new Setup { OpenAI = 300, Anthropic = 300, BurstSeconds = 2 });
        await using var app = await setup.StartAsync();

        var told = await RunAsync(app.Client.BaseAddress!);

        var provider = setup.Provider.Report();
        output.WriteLine($"{Agents} agents, {Seconds} s at five calls a second for each package: {told.ToJsonString()}; "
            + $"refused {provider["gpt-x"].Rejected} and {provider["claude-x"].Rejected}");
        Assert.Empty(told["failures"]!.AsArray());
        Assert.InRange(told["openai"]!.GetValue<int>(), Agents, 300 / 60 * (Seconds + 2) + 1);
        Assert.InRange(told["anthropic"]!.GetValue<int>(), Agents, 300 / 60 * (Seconds + 2) + 1);
        Assert.Equal((0, 0), (provider["gpt-x"].Rejected, provider["claude-x"].Rejected));
    }

    private static async Task<JsonNode> RunAsync(Uri address)
    {
        string[] arguments = ["fleet.mjs", Agents.ToString(CultureInfo.InvariantCulture), Seconds.ToString(CultureInfo.InvariantCulture)];
        var start = new ProcessStartInfo(JavaScriptSuite.Node!, arguments)
        {
            WorkingDirectory = JavaScriptSuite.Folder,
            RedirectStandardOutput = true,
            Environment = { ["FUNCLIMITER_URL"] = address.ToString().TrimEnd('/'), ["FUNCLIMITER_KEY"] = Setup.AcmeKey },
        };
        using var process = Process.Start(start)!;
        try
        {
            return JsonNode.Parse(await process.StandardOutput.ReadToEndAsync().WaitAsync(AppProcess.Longest))!;
        }
        finally
        {
            process.Kill();
        }
    }
}

/// <summary>A test of the whole app by its official clients, skipped with the reason where they or its storage can't run.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class JavaScriptFleetFactAttribute : FactAttribute
{
    public JavaScriptFleetFactAttribute() => Skip = Azurite.Obstacle ?? JavaScriptSuite.Obstacle;
}
