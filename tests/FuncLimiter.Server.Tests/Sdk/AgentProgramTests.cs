using System.Diagnostics;
using System.Text.Json.Nodes;

namespace FuncLimiter.Server.Tests.Sdk;

/// <summary>
/// Coding agents as people run them, without a terminal, against the real process: a tool call and a final answer. Nothing but the base URL and
/// the key is set; what else they would reach goes to a proxy that isn't there.
/// </summary>
public sealed class AgentProgramTests(SdkEnvironment environment) : IClassFixture<SdkEnvironment>
{
    private const string Question = "How much is six times seven? Use the shell.";
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);

    [AgentProgramFact("@anthropic-ai/claude-code")]
    public async Task ClaudeCode_UsesATool_AndAnswers_AndItsSessionIsItsRun()
    {
        using var home = new Home();
        var (exit, output) = await home.RunAsync(
            AgentPrograms.Claude!,
            ["-p", Question, "--output-format", "json", "--allowedTools", "Bash"],
            new()
            {
                ["ANTHROPIC_BASE_URL"] = environment.Address.GetLeftPart(UriPartial.Authority),
                ["ANTHROPIC_API_KEY"] = SdkEnvironment.TenantKey,
                ["ANTHROPIC_MODEL"] = SdkEnvironment.ScriptedClaude,
                ["ANTHROPIC_SMALL_FAST_MODEL"] = SdkEnvironment.ScriptedClaude,
                ["CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"] = "1",
                ["DISABLE_AUTOUPDATER"] = "1",
                ["DISABLE_TELEMETRY"] = "1",
            });

        Assert.True(exit == 0, $"{output}\n{environment.ServerOutput}");
        var result = JsonNode.Parse(output.Split('\n').First(line => line.StartsWith('{')))!;
        Assert.Contains(ScriptedProvider.Printed, result["result"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(2, result["num_turns"]!.GetValue<int>());
        await AssertRunAsync(result["session_id"]!.GetValue<string>(), calls: 2);
    }

    [AgentProgramFact("@openai/codex")]
    public async Task Codex_UsesATool_AndAnswers_AndItsSessionIsItsRun()
    {
        using var home = new Home();
        await home.WriteAsync(".codex/config.toml", $"""
            model = "{SdkEnvironment.ScriptedGpt}"
            model_provider = "funclimiter"
            check_for_update_on_startup = false
            [analytics]
            enabled = false
            [model_providers.funclimiter]
            name = "FuncLimiter"
            base_url = "{environment.Address.GetLeftPart(UriPartial.Authority)}/v1"
            env_key = "FUNCLIMITER_KEY"
            wire_api = "responses"
            """);
        var (exit, output) = await home.RunAsync(
            AgentPrograms.Codex!,
            ["exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", "--json", Question],
            new() { ["FUNCLIMITER_KEY"] = SdkEnvironment.TenantKey });

        Assert.True(exit == 0, $"{output}\n{environment.ServerOutput}");
        var events = output.Split('\n').Where(line => line.StartsWith('{')).Select(line => JsonNode.Parse(line)!).ToList();
        var answer = events.Last(one => one["item"]?["type"]?.GetValue<string>() == "agent_message");
        Assert.Contains(ScriptedProvider.Printed, answer["item"]!["text"]!.GetValue<string>(), StringComparison.Ordinal);
        await AssertRunAsync(events.First(one => one["thread_id"] is not null)["thread_id"]!.GetValue<string>(), calls: 2);
    }

    private async Task AssertRunAsync(string session, int calls)
    {
        using var client = new HttpClient { BaseAddress = environment.Address };
        client.DefaultRequestHeaders.Add("x-api-key", SdkEnvironment.TenantKey);
        var end = DateTime.UtcNow + Longest;
        while (true)
        {
            var rows = JsonNode.Parse(await client.GetStringAsync("/usage?by=run,user"))!["rows"]!.AsArray();
            if (rows.FirstOrDefault(row => row!["run"]?.GetValue<string>() == session) is { } row && row["calls"]!.GetValue<int>() == calls)
            {
                Assert.Equal(session, row["user"]!.GetValue<string>());
                Assert.Equal(calls * ScriptedProvider.InputTokens, row["inputTokens"]!.GetValue<int>());
                return;
            }

            Assert.True(DateTime.UtcNow < end, rows.ToJsonString());
            await Task.Delay(100);
        }
    }

    /// <summary>A home of its own, so that no setting of this machine counts.</summary>
    private sealed class Home : IDisposable
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("funclimiter-agent-");

        public Task WriteAsync(string path, string content)
        {
            var file = Path.Combine(_folder.FullName, path);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            return File.WriteAllTextAsync(file, content);
        }

        public async Task<(int Exit, string Output)> RunAsync(string program, string[] arguments, Dictionary<string, string> variables)
        {
            var start = new ProcessStartInfo(program, arguments)
            {
                WorkingDirectory = _folder.FullName,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            start.Environment.Clear();
            foreach (var (name, value) in variables)
            {
                start.Environment[name] = value;
            }

            const string nowhere = "http://127.0.0.1:9";
            start.Environment["PATH"] = Environment.GetEnvironmentVariable("PATH");
            start.Environment["HOME"] = _folder.FullName;
            (start.Environment["HTTPS_PROXY"], start.Environment["HTTP_PROXY"], start.Environment["NO_PROXY"]) = (nowhere, nowhere, "127.0.0.1");
            using var process = Process.Start(start)!;
            process.StandardInput.Close();
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            using var late = new CancellationTokenSource(Longest);
            try
            {
                await process.WaitForExitAsync(late.Token);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync();
            }

            return (process.ExitCode, $"{await output}\n{await errors}");
        }

        public void Dispose() => _folder.Delete(recursive: true);
    }
}

/// <summary>Where the programs are.</summary>
internal static class AgentPrograms
{
    private static readonly string Modules = Path.Combine(JavaScriptSuite.Folder, "..", "agents", "node_modules");

    /// <summary>Claude Code: its package's own command is put in place by a script after the installation, which isn't run.</summary>
    public static string? Claude { get; } = Directory.Exists(Path.Combine(Modules, "@anthropic-ai"))
        ? Directory.EnumerateDirectories(Path.Combine(Modules, "@anthropic-ai"), "claude-code-*").Select(folder => Path.Combine(folder, "claude")).FirstOrDefault(File.Exists)
        : null;

    /// <summary>Codex.</summary>
    public static string? Codex { get; } = Path.Combine(Modules, ".bin", "codex") is var codex && File.Exists(codex) && JavaScriptSuite.Node is not null ? codex : null;
}

/// <summary>A fact about an agent's program, skipped with the reason where this machine has none.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class AgentProgramFactAttribute : FactAttribute
{
    public AgentProgramFactAttribute(string package) =>
        Skip = (package == "@openai/codex" ? AgentPrograms.Codex : AgentPrograms.Claude) is null
            ? $"{package} is not installed, or not for this system: run npm ci in tests/agents"
            : null;
}
