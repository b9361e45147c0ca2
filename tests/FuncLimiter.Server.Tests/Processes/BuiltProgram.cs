using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace FuncLimiter.Server.Tests.Processes;

/// <summary>The built program, run with any arguments in a folder of its own. One that listens is asked to stop once it does.</summary>
internal static class BuiltProgram
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(120);

    /// <summary>The program's file.</summary>
    public static string File => Path.Combine(AppContext.BaseDirectory, "FuncLimiter.Server.dll");

    /// <summary>Runs it to its end.</summary>
    /// <param name="arguments">What a person types after its name.</param>
    /// <param name="folder">Where.</param>
    public static Task<CommandResult> RunAsync(IEnumerable<string> arguments, string folder) =>
        RunAsync("dotnet", [File, .. arguments], folder, "listens on ", "TERM");

    /// <summary>Runs a program that has to do with it, and sends it a signal when it prints something.</summary>
    /// <param name="program">What to start.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="folder">Where.</param>
    /// <param name="cue">What it prints before it is sent the signal.</param>
    /// <param name="signal">The signal's name.</param>
    /// <param name="toGroup">Whether the signal goes to all its process group, as a terminal's Ctrl+C.</param>
    public static async Task<CommandResult> RunAsync(
        string program, IEnumerable<string> arguments, string folder, string cue, string signal, bool toGroup = false)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["ANY"] = "any";
        using var process = new Process { StartInfo = start };
        var (output, errors) = (new StringBuilder(), new StringBuilder());
        var isSent = false;
        process.OutputDataReceived += (_, line) =>
        {
            Keep(output, line.Data);
            if (!isSent && line.Data?.Contains(cue, StringComparison.Ordinal) == true)
            {
                isSent = true;
                var id = process.Id.ToString(CultureInfo.InvariantCulture);
                Process.Start("kill", [$"-{signal}", "--", toGroup ? $"-{id}" : id]).Dispose();
            }
        };
        process.ErrorDataReceived += (_, line) => Keep(errors, line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using var late = new CancellationTokenSource(Longest);
        try
        {
            await process.WaitForExitAsync(late.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"It did not end: {string.Join(' ', arguments)}{Environment.NewLine}{output}{errors}");
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }

        return new CommandResult(process.ExitCode, Text(output), Text(errors));
    }

    private static void Keep(StringBuilder text, string? line)
    {
        lock (text)
        {
            _ = line is null ? text : text.Append(line).Append('\n');
        }
    }

    private static string Text(StringBuilder text)
    {
        lock (text)
        {
            return text.ToString();
        }
    }
}
