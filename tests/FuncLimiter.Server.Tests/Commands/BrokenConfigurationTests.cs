using System.Runtime.InteropServices;
using System.Text;
using FuncLimiter.Server.Commands;
using FuncLimiter.Server.Tests.Processes;

namespace FuncLimiter.Server.Tests.Commands;

/// <summary>A broken configuration is told whole: each mistake with its JSON path, what stands there and what to write; and nothing is served.</summary>
public sealed class BrokenConfigurationTests
{
    private const string Broken =
        """
        {
          "acounts": [],
          "accounts": [
            { "id": "one", "provider": "openia", "apiKey": "${NOWHERE}", "models": [{ "model": "gpt-x", "limits": { "rpm": -5, "burstSeconds": 0 } }] },
            { "id": "one", "provider": "azure-openai", "apiKey": "sk-plain-text", "models": [] }
          ],
          "routes": [{ "model": "smart", "targets": ["one/nothing"] }],
          "tenants": [{ "id": "acme", "keys": ["plain"], "weight": 0 }],
          "queue": { "maxWaiting": 0 },
          "jobs": { "maxRunning": "many" }
        }
        """;

    private static readonly string[] Paths =
    [
        "$.acounts", "$.accounts[0].provider", "$.accounts[0].apiKey", "$.accounts[0].models[0].limits.rpm",
        "$.accounts[0].models[0].limits.burstSeconds", "$.accounts[1].id", "$.accounts[1].endpoint", "$.accounts[1].apiKey",
        "$.accounts[1].models", "$.routes[0].targets[0]", "$.tenants[0].keys[0]", "$.tenants[0].weight", "$.queue.maxWaiting", "$.jobs.maxRunning",
    ];

    [Fact]
    public async Task Check_ListsEveryMistakeWithItsPathAndWhatToWrite()
    {
        using var folder = new ServerFolder(Broken);

        var result = await folder.RunAsync("check", "--config", folder.ConfigurationFile);

        Assert.Equal((1, ""), (result.ExitCode, result.Output));
        Assert.All(Paths, path => Assert.Contains(result.Errors.Split('\n'), line => line.StartsWith($"{path}:", StringComparison.Ordinal)));
        Assert.Contains("\"openai\"", result.Errors, StringComparison.Ordinal);
        Assert.Contains("-5", result.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("sk-plain-text", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Serve_TellsTheSameAndDoesNotStart()
    {
        using var folder = new ServerFolder(Broken);
        var check = await folder.RunAsync("check", "--config", folder.ConfigurationFile);

        var serve = await folder.RunAsync("serve", "--config", folder.ConfigurationFile, "--data", folder.Data, "--urls", "http://127.0.0.1:0");

        Assert.Equal((1, "", check.Errors), (serve.ExitCode, serve.Output, serve.Errors));
        Assert.False(Directory.Exists(folder.Data));
    }

    [Theory]
    [InlineData("", "$")]
    [InlineData("{", "$")]
    [InlineData("[]", "$")]
    [InlineData("{}", "$.accounts")]
    public async Task Check_OfSomethingElse_SaysSo(string text, string path)
    {
        using var folder = new ServerFolder(text);

        var result = await folder.RunAsync("check", "--config", folder.ConfigurationFile);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains(path, result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_OfAFileThatIsNotThere_SaysSo()
    {
        using var folder = new ServerFolder("{}");

        var result = await folder.RunAsync("check", "--config", folder.ConfigurationFile + "x");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("funclimiter.jsonx", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void File_ThatIsNone_SaysSo()
    {
        using var folder = new ServerFolder("{}");
        using (var large = File.OpenWrite(folder.ConfigurationFile))
        {
            large.SetLength(ConfigurationFile.MostBytes + 1L);
        }

        Assert.Contains("more than 64 MiB", Fault(new(new(folder.ConfigurationFile))), StringComparison.Ordinal);
        Assert.Contains("is a directory", Fault(new(new(Path.GetDirectoryName(folder.ConfigurationFile)!))), StringComparison.Ordinal);
    }

    /// <summary>A shell's <c>--config &lt;(...)</c> is one: it gives what it has once, and nobody waits for a further time.</summary>
    [Fact]
    public async Task Pipe_IsReadOnce_AndWaitedForWithinABound()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        using var folder = new ServerFolder("{}");
        var pipe = folder.ConfigurationFile + ".pipe";
        Assert.Equal(0, MakePipe(pipe, Convert.ToInt32("600", 8)));
        var writing = Task.Run(() => File.WriteAllText(pipe, "{ }"));

        var file = new ConfigurationFile(new(pipe), TimeSpan.FromMinutes(1));
        var bytes = file.Bytes(TextWriter.Null);
        await writing;

        Assert.Equal("{ }", Encoding.UTF8.GetString(bytes!));
        Assert.Null(file.Source(bytes!));
        Assert.NotNull(new ConfigurationFile(new(folder.ConfigurationFile)).Source([]));
        Assert.Contains("could not be read within", Fault(new(new(pipe), TimeSpan.FromMilliseconds(100))), StringComparison.Ordinal);

        // Whoever still waits for it goes on.
        await File.WriteAllTextAsync(pipe, "{}");
    }

    [Fact]
    public async Task Check_OfAGoodOne_SaysWhatItHolds()
    {
        using var folder = new Setup().Folder(new Uri("http://127.0.0.1:1"));

        var result = await folder.RunAsync("check", "--config", folder.ConfigurationFile);

        Assert.Equal((0, ""), (result.ExitCode, result.Errors));
        Assert.Contains("3 accounts, 3 deployments, 3 routes, 2 tenants", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_NamesTheKeysThatEnd()
    {
        var (past, soon, later) = (DateTime.UtcNow.AddDays(-2), DateTime.UtcNow.AddDays(20), DateTime.UtcNow.AddDays(50));
        using var folder = new ServerFolder($$$"""
            {"accounts":[{"id":"a","provider":"openai","apiKey":"${K}","models":[{"model":"m"}]}],
             "tenants":[{"id":"acme","keys":[{"hash":"sha256:{{{new string('1', 64)}}}","prefix":"fl-soon","expires":"{{{soon:yyyy-MM-dd}}}"},
               {"hash":"sha256:{{{new string('2', 64)}}}","prefix":"fl-past","expires":"{{{past:yyyy-MM-dd}}}"},
               {"hash":"sha256:{{{new string('3', 64)}}}","prefix":"fl-later","expires":"{{{later:yyyy-MM-dd}}}"}]}],
             "admin":{"keys":[{"hash":"sha256:{{{new string('4', 64)}}}","expires":"{{{past:yyyy-MM-dd}}}"}]}}
            """).With("K", "sk-1");

        var result = await folder.RunAsync("check", "--config", folder.ConfigurationFile);
        var json = await folder.RunAsync("check", "--config", folder.ConfigurationFile, "--json");

        Assert.Equal((0, 0), (result.ExitCode, json.ExitCode));
        Assert.Contains($"The key fl-past... of the tenant acme was taken until {past:yyyy-MM-dd}.", result.Output, StringComparison.Ordinal);
        Assert.Contains($"The key fl-soon... of the tenant acme is taken until {soon:yyyy-MM-dd}.", result.Output, StringComparison.Ordinal);
        Assert.Contains($"The key 44444444 of the administration was taken until {past:yyyy-MM-dd}.", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("fl-later", result.Output, StringComparison.Ordinal);
        Assert.Contains("fl-past...", json.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Serve_WithoutTenantsForStrangers_DoesNotStart()
    {
        using var folder = new ServerFolder("""{"accounts":[{"id":"a","provider":"openai","apiKey":"${K}","models":[{"model":"m"}]}]}""").With("K", "sk-1");

        var result = await folder.RunAsync("serve", "--config", folder.ConfigurationFile, "--data", folder.Data, "--urls", "http://0.0.0.0:0");

        Assert.Equal(1, result.ExitCode);
        Assert.StartsWith("$.tenants:", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Serve_OverADataDirectoryThatAnotherHolds_DoesNotStart()
    {
        using var folder = new Setup().Folder(new Uri("http://127.0.0.1:1"));
        await using var first = await folder.StartAsync();

        var second = await folder.RunAsync("serve", "--config", folder.ConfigurationFile, "--data", folder.Data, "--urls", "http://127.0.0.1:0");

        Assert.Equal(1, second.ExitCode);
        Assert.Contains("Another FuncLimiter uses the data directory", second.Errors, StringComparison.Ordinal);
    }

    private static string Fault(ConfigurationFile file)
    {
        using var errors = new StringWriter();
        Assert.Null(file.Bytes(errors));
        return errors.ToString();
    }

    [DllImport("libc", EntryPoint = "mkfifo")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int MakePipe([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int mode);
}
