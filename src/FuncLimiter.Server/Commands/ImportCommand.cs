using System.CommandLine;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Server.Importing;

namespace FuncLimiter.Server.Commands;

/// <summary><c>import litellm FILE [--out FILE]</c>: makes a configuration of another gateway's.</summary>
internal static class ImportCommand
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var from = new Argument<string>("from") { Description = "Whose configuration it is: litellm." };
        from.AcceptOnlyFromAmong("litellm");
        var file = new Argument<FileInfo>("file")
        {
            Description = "Its config.yaml.",
            CustomParser = result =>
            {
                if (!CommandLine.ReadFile(result.Tokens.Count > 0 ? result.Tokens[0].Value : string.Empty, out var read))
                {
                    result.AddError("file: '' is not the name of a file.");
                }

                return read;
            },
        };
        var output = CommandLine.Parsed<FileInfo>("--out", CommandLine.ReadFile, "the name of a file");
        output.Description = "Where the configuration goes; the standard output where left out. A file that is there already stays as it is.";
        var command = new Command("import", "Makes a configuration of another gateway's, and says what has no counterpart.") { from, file, output };
        command.SetAction(parsed => Run(
            parsed.GetRequiredValue(file), parsed.GetValue(output), parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error));
        return command;
    }

    private static int Run(FileInfo file, FileInfo? to, TextWriter output, TextWriter errors)
    {
        var import = new LiteLlmImport();
        string json;
        try
        {
            json = import.Read(File.ReadAllText(file.FullName)).ToJsonString(Json);
            if (to is not null)
            {
                using var created = new StreamWriter(new FileStream(to.FullName, FileMode.CreateNew));
                created.WriteLine(json);
            }
        }
        catch (FormatException broken)
        {
            errors.WriteLine($"{file}: {broken.Message}");
            return 1;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            errors.WriteLine(exception.Message);
            return 1;
        }

        output.WriteLine(to is null ? json : $"{to} is written.");
        Report(import, errors);
        var check = ConfigurationReader.Read(Encoding.UTF8.GetBytes(json), name => Environment.GetEnvironmentVariable(name) ?? "to-be-set");
        foreach (var mistake in check.Mistakes)
        {
            errors.WriteLine($"to be mended: {mistake}");
        }

        return check.IsValid ? 0 : 1;
    }

    private static void Report(LiteLlmImport import, TextWriter errors)
    {
        foreach (var taken in import.Taken)
        {
            errors.WriteLine($"taken over: {taken}");
        }

        foreach (var left in import.Left)
        {
            errors.WriteLine($"not taken over: {left}");
        }

        var unset = import.Secrets.Where(name => Environment.GetEnvironmentVariable(name) is null).ToList();
        if (unset.Count > 0)
        {
            errors.WriteLine($"to be set: {string.Join(", ", unset)}");
        }
    }
}
