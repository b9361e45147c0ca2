using System.CommandLine;
using System.CommandLine.Invocation;

namespace FuncLimiter.Server.Commands;

/// <summary>The server's commands.</summary>
internal static class CommandLine
{
    /// <summary>Reads a value as it was typed; false where it makes no sense.</summary>
    public delegate bool Reading<T>(string text, out T value);

    /// <summary>All commands under one root.</summary>
    public static RootCommand Create() => new("FuncLimiter lets every call to a language model out at the moment when it will be accepted.")
    {
        ServeCommand.Create(),
        BackupCommand.Create(),
        CheckCommand.Create(),
        ImportCommand.Create(),
        DiscoverCommand.Create(),
        PlanCommand.Create(),
        SimulateCommand.Create(),
        ReplayCommand.Create(),
        CompletionCommand.Create(),
        DemoCommand.Create(),
        DoubleCommand.Create(),
        TopCommand.Create(),
        HealthCommand.Create(),
    };

    /// <summary>Runs what was typed. Whatever goes wrong is said in a sentence on the standard error, and the exit code is not 0.</summary>
    /// <param name="arguments">What was typed after the program's name.</param>
    /// <param name="stop">Asks the command to end.</param>
    public static async Task<int> RunAsync(string[] arguments, CancellationToken stop)
    {
        var invocation = new InvocationConfiguration { ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false };
        try
        {
            var parsed = Create().Parse(arguments);
            if (parsed.Action is ParseErrorAction mistake)
            {
                mistake.ShowHelp = arguments.Length == 0;
            }

            return await parsed.InvokeAsync(invocation, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            invocation.Error.WriteLine("Stopped before it had begun.");
            return 130;
        }
        catch (Exception exception)
        {
            invocation.Error.WriteLine($"FuncLimiter can't go on: {exception.Message} ({exception.GetType().Name})");
            if (exception is NullReferenceException or ArgumentException or IndexOutOfRangeException or InvalidCastException or KeyNotFoundException)
            {
                // Nothing that its user can mend: whoever mends it needs to know where.
                invocation.Error.WriteLine(exception.StackTrace);
            }

            return 1;
        }
    }

    /// <summary>The option that names the configuration.</summary>
    public static Option<FileInfo> Config() => File("--config", "The configuration, funclimiter.json.");

    /// <summary>A required option that names a file.</summary>
    public static Option<FileInfo> File(string name, string description)
    {
        var option = Parsed<FileInfo>(name, ReadFile, "the name of a file");
        (option.Description, option.Required) = (description, true);
        return option;
    }

    /// <summary>The option that names a running server.</summary>
    public static Option<Uri> Server()
    {
        const string usual = "http://localhost:8080";
        var option = Parsed<Uri>("--url", ReadUrl, $"an address such as {usual}");
        (option.Description, option.DefaultValueFactory) = ("The server's address.", _ => new Uri(usual));
        return option;
    }

    /// <summary>An option that is read by hand, so that a mistake is said in plain words.</summary>
    /// <param name="read">Reads what was typed.</param>
    /// <param name="expected">What should have been typed, to follow "is not".</param>
    public static Option<T> Parsed<T>(string name, Reading<T> read, string expected) => new(name)
    {
        CustomParser = result =>
        {
            var text = result.Tokens.Count > 0 ? result.Tokens[0].Value : string.Empty;
            if (!read(text, out var value))
            {
                result.AddError($"{name}: '{text}' is not {expected}.");
            }

            return value;
        },
    };

    /// <summary>Reads a file's name.</summary>
    public static bool ReadFile(string text, out FileInfo file)
    {
        file = string.IsNullOrWhiteSpace(text) ? null! : new FileInfo(text);
        return file is not null;
    }

    private static bool ReadUrl(string text, out Uri url) =>
        Uri.TryCreate(text, UriKind.Absolute, out url!) && url is { Scheme: "http" or "https", Host.Length: > 0, UserInfo.Length: 0 };
}
