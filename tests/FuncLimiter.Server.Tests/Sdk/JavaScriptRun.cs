using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace FuncLimiter.Server.Tests.Sdk;

/// <summary>How one test in JavaScript ended.</summary>
internal sealed record JavaScriptOutcome(string Name, bool Passed, bool Skipped, int Milliseconds, string? Error);

/// <summary>One file's tests, run once by node's own test runner.</summary>
internal sealed record JavaScriptRun(IReadOnlyList<JavaScriptOutcome> Outcomes, string Output)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(3);

    public static async Task<JavaScriptRun> Of(string file, IReadOnlyDictionary<string, string> environment)
    {
        string[] arguments = ["--test", "--test-reporter=./support/reporter.mjs", "--test-timeout=60000", file];
        var start = new ProcessStartInfo(JavaScriptSuite.Node!, arguments)
        {
            WorkingDirectory = JavaScriptSuite.Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        using var deadline = new CancellationTokenSource(Timeout);
        var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            await process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
        }

        var printed = await output;
        return new([.. printed.Split('\n').Select(Read).OfType<JavaScriptOutcome>()], printed + await errors);
    }

    private static JavaScriptOutcome? Read(string line) =>
        line.StartsWith('{') ? JsonSerializer.Deserialize<JavaScriptOutcome>(line, JsonSerializerOptions.Web) : null;
}
