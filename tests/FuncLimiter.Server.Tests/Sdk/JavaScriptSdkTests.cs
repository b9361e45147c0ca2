using FuncLimiter.Server.Tests.Processes;
using Xunit.Abstractions;

namespace FuncLimiter.Server.Tests.Sdk;

/// <summary>The npm clients of OpenAI and Anthropic against the running server: nothing but base URL and key are changed.</summary>
[TakesLong]
public sealed class JavaScriptSdkTests(SdkEnvironment environment, ITestOutputHelper output) : IClassFixture<SdkEnvironment>
{
    public static TheoryData<string, string> Tests
    {
        get
        {
            var tests = new TheoryData<string, string>();
            foreach (var file in JavaScriptSuite.Files)
            {
                foreach (var name in JavaScriptSuite.TestsOf(file))
                {
                    tests.Add(file, name);
                }
            }

            return tests;
        }
    }

    public static TheoryData<string> Files => [.. JavaScriptSuite.Files];

    [JavaScriptTheory]
    [MemberData(nameof(Tests))]
    public async Task OfficialClient_AgainstTheServer_BehavesAsAtTheProvider(string file, string name)
    {
        var run = await environment.Run(file);

        var outcome = Assert.Single(run.Outcomes, outcome => outcome.Name == name);
        output.WriteLine($"{outcome.Milliseconds} ms");
        Assert.True(outcome.Passed && !outcome.Skipped, $"{outcome.Error}\n\nThe server printed:\n{environment.ServerOutput}");
    }

    [JavaScriptTheory]
    [MemberData(nameof(Files))]
    public async Task File_WhenRun_ReportsJustTheTestsThatItNames(string file)
    {
        var run = await environment.Run(file);

        output.WriteLine(run.Output);
        Assert.Equal(JavaScriptSuite.TestsOf(file).Order(), run.Outcomes.Select(outcome => outcome.Name).Order());
    }
}
