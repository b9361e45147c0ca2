using System.Diagnostics;
using System.Text.RegularExpressions;

namespace FuncLimiter.Functions.Tests.Hosting;

/// <summary>What azd runs before and after it makes resources, on POSIX systems.</summary>
public sealed partial class HookTests() : HookCases("sh", [], ".sh")
{
    [Fact]
    public void Hooks_ThatAzdRuns_AreThere_ForBothKindsOfSystem()
    {
        var azure = RepositoryFiles.Read("azure.yaml");
        var scripts = Script().Matches(azure).Select(match => (Shell: match.Groups[1].Value, Path: match.Groups[2].Value)).ToArray();

        Assert.Equal(["preprovision", "postprovision"], Hook().Matches(azure).Select(match => match.Groups[1].Value));
        Assert.Equal(["sh .sh", "pwsh .ps1", "sh .sh", "pwsh .ps1"], scripts.Select(script => $"{script.Shell} {Path.GetExtension(script.Path)}"));
        Assert.All(scripts, script => Assert.True(File.Exists(Path.Combine(RepositoryFiles.Root, script.Path)), script.Path));
    }

    [HookTheory]
    [MemberData(nameof(Configurations))]
    public Task BeforeProvisioning_AzdIsToldTheKeysThatTheConfigurationNames(string? configuration, string told, string asked) =>
        AssertToldAsync(configuration, told, asked);

    [HookFact]
    public Task AfterProvisioning_KeysThatAreMissingAreAskedFor_AndWhatComesNextIsSaid() =>
        AssertAskedForAsync("OPENAI_BASE_URL=https://api.example/v1 ANTHROPIC_BASE_URL=https://api.example");

    /// <summary>A pipeline has nobody to ask: it goes on, and says what is left to do.</summary>
    [HookFact]
    public Task AfterProvisioning_WithNobodyToAsk_ItGoesOn() => AssertGoesOnAsync();

    [GeneratedRegex(@"shell: (\w+), run: \./([\w./]+)")]
    private static partial Regex Script();

    [GeneratedRegex(@"^  (\w+):\r?\n    posix:", RegexOptions.Multiline)]
    private static partial Regex Hook();
}

/// <summary>The same on Windows, run by PowerShell wherever there is one.</summary>
public sealed class PowerShellHookTests() : HookCases(PowerShell.Path ?? "pwsh", ["-NoProfile", "-File"], ".ps1")
{
    [PowerShellTheory]
    [MemberData(nameof(Configurations))]
    public Task BeforeProvisioning_AzdIsToldTheKeysThatTheConfigurationNames(string? configuration, string told, string asked) =>
        AssertToldAsync(configuration, told, asked);

    [PowerShellFact]
    public Task AfterProvisioning_KeysThatAreMissingAreAskedFor_AndWhatComesNextIsSaid() =>
        AssertAskedForAsync("$env:OPENAI_BASE_URL = 'https://api.example/v1'; $env:ANTHROPIC_BASE_URL = 'https://api.example'");

    /// <summary>A pipeline has nobody to ask: it goes on, and says what is left to do.</summary>
    [PowerShellFact]
    public Task AfterProvisioning_WithNobodyToAsk_ItGoesOn() => AssertGoesOnAsync();
}

/// <summary>The hooks run in a folder of their own, with stand-ins for azd and az that write down what they are asked.</summary>
/// <param name="shell">What runs them.</param>
/// <param name="options">What it is told ahead of the script.</param>
/// <param name="extension">How their names end.</param>
public abstract class HookCases(string shell, string[] options, string extension) : IDisposable
{
    private const string Configuration = """
        {
          // "${NOT_ASKED_FOR}" stands in a comment.
          "accounts": [
            { "apiKey": "${OPENAI_KEY_EAST}" }, { "apiKey": "${ANTHROPIC_KEY}" }, { "endpoint": "${AZURE_OPENAI_ENDPOINT}" }
          ],
          "tenants": [{ "keys": ["${FUNCLIMITER_KEY}"] }]
        }
        """;

    // What is kept in the vault is a file of its name; what az is given in a file, or on its standard input, is what it keeps.
    private const string Az = """
        #!/bin/sh
        while [ $# -gt 0 ]; do
          case $1 in show|set) verb=$1 ;; --name) name=$2 ;; --file) file=$2 ;; --value) echo "on the command line" >&2; exit 1 ;; esac
          shift
        done
        if [ "$verb" = show ]; then test -f "vault-$name"; else cat "$file" > "vault-$name"; fi
        """;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("funclimiter-hooks-");

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>The configuration, what azd was told before, and what it is told now.</summary>
    public static TheoryData<string?, string, string> Configurations => new()
    {
        { null, "", "" },
        { Configuration, "", "env set PROVIDER_KEY_NAMES ANTHROPIC_KEY,OPENAI_KEY_EAST" },
        { Configuration, "ANTHROPIC_KEY,OPENAI_KEY_EAST", "" },
        { "{}", "OLD", "env set PROVIDER_KEY_NAMES " },
    };

    private protected async Task AssertToldAsync(string? configuration, string told, string asked)
    {
        Write("azd", "#!/bin/sh\necho \"$@\" > asked\n");
        if (configuration is not null)
        {
            Write("funclimiter.json", configuration);
        }

        await RunAsync("preprovision", "", ("PROVIDER_KEY_NAMES", told));

        Assert.Equal(asked, File.Exists(In("asked")) ? (await File.ReadAllTextAsync(In("asked"))).TrimEnd('\n') : "");
    }

    private protected async Task AssertAskedForAsync(string next)
    {
        Write("az", Az);
        Write("funclimiter.json", Configuration);
        Write("vault-HELD", "already");

        var said = await RunAsync(
            "postprovision", "sk-typed\n\n",
            ("PROVIDER_KEY_NAMES", "HELD,OPENAI_KEY_EAST,ANTHROPIC_KEY"), ("AZURE_KEY_VAULT_NAME", "kv-1"), ("SERVICE_API_URI", "https://api.example"));

        Assert.Equal(("already", "sk-typed"), (await File.ReadAllTextAsync(In("vault-HELD")), await File.ReadAllTextAsync(In("vault-OPENAI-KEY-EAST"))));
        Assert.False(File.Exists(In("vault-ANTHROPIC-KEY")));
        Assert.DoesNotContain("sk-typed", said, StringComparison.Ordinal);
        Assert.DoesNotContain("HELD", said, StringComparison.Ordinal);
        Assert.Contains("az keyvault secret set --vault-name kv-1 --name ANTHROPIC-KEY --value", said, StringComparison.Ordinal);
        Assert.Contains(next, said, StringComparison.Ordinal);
        Assert.Contains("https://api.example/operator/dashboard", said, StringComparison.Ordinal);
    }

    private protected async Task AssertGoesOnAsync()
    {
        Write("az", Az);

        var said = await RunAsync("postprovision", "", ("PROVIDER_KEY_NAMES", "A_KEY"), ("AZURE_KEY_VAULT_NAME", "kv-1"), ("SERVICE_API_URI", "https://api.example"));

        Assert.Contains("--name A-KEY --value", said, StringComparison.Ordinal);
        Assert.Contains("--name FUNCLIMITER-KEY --query value", said, StringComparison.Ordinal);
    }

    private async Task<string> RunAsync(string hook, string typed, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(shell, [.. options, Path.Combine(RepositoryFiles.Root, "infra", "hooks", hook + extension)])
        {
            WorkingDirectory = _folder.FullName,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PATH"] = $"{_folder.FullName}{Path.PathSeparator}{Environment.GetEnvironmentVariable("PATH")}";
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var (said, errors) = (process.StandardOutput.ReadToEndAsync(deadline.Token), process.StandardError.ReadToEndAsync(deadline.Token));
        await process.StandardInput.WriteAsync(typed);
        process.StandardInput.Close();
        await process.WaitForExitAsync(deadline.Token);
        Assert.True(process.ExitCode == 0, await said + await errors);
        return await said;
    }

    private string In(string name) => Path.Combine(_folder.FullName, name);

    private void Write(string name, string text)
    {
        File.WriteAllText(In(name), text.ReplaceLineEndings("\n"));
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(In(name), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }
}

/// <summary>A test that runs a hook for POSIX systems, skipped where there is no such shell.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class HookFactAttribute : FactAttribute
{
    public HookFactAttribute() => Skip = OperatingSystem.IsWindows() ? "The hooks for POSIX systems need a shell." : null;
}

/// <summary>Tests that run a hook for POSIX systems, skipped where there is no such shell.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class HookTheoryAttribute : TheoryAttribute
{
    public HookTheoryAttribute() => Skip = OperatingSystem.IsWindows() ? "The hooks for POSIX systems need a shell." : null;
}

/// <summary>Where PowerShell is: on the path, or where <c>./test</c> puts it.</summary>
internal static class PowerShell
{
    /// <summary>Its program; null where there is none.</summary>
    public static string? Path { get; } = $"{Environment.GetEnvironmentVariable("PATH")}{System.IO.Path.PathSeparator}{System.IO.Path.Combine(RepositoryFiles.Root, "artifacts", "pwsh")}"
        .Split(System.IO.Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => System.IO.Path.Combine(folder, "pwsh"))
        .FirstOrDefault(File.Exists);

    /// <summary>Why its hooks can't be run here; null where they can.</summary>
    public static string? Missing { get; } = OperatingSystem.IsWindows() ? "The stand-ins for az and azd need a shell."
        : Path is null ? "There is no PowerShell: ./test installs it where NuGet has it."
        : null;
}

/// <summary>A test that runs a hook for Windows, skipped where there is no PowerShell.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PowerShellFactAttribute : FactAttribute
{
    public PowerShellFactAttribute() => Skip = PowerShell.Missing;
}

/// <summary>Tests that run a hook for Windows, skipped where there is no PowerShell.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PowerShellTheoryAttribute : TheoryAttribute
{
    public PowerShellTheoryAttribute() => Skip = PowerShell.Missing;
}
