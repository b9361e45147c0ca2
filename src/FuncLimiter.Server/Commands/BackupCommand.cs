using System.CommandLine;
using System.Globalization;
using FuncLimiter.Server.Storage;

namespace FuncLimiter.Server.Commands;

/// <summary><c>backup --data DIR --to DIR</c>: a copy of the data folder, also while a server runs on it.</summary>
internal static class BackupCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var data = CommandLine.Parsed<FileInfo>("--data", CommandLine.ReadFile, "the name of a folder");
        (data.Description, data.Required) = ("The server's data folder.", true);
        var to = CommandLine.Parsed<FileInfo>("--to", CommandLine.ReadFile, "the name of a folder");
        (to.Description, to.Required) = ("Where the copy goes: a folder that is not there yet.", true);
        var command = new Command("backup", "Copies a server's data folder as it stands, also while the server runs.") { data, to };
        command.SetAction(parsed => Run(
            parsed.GetRequiredValue(data), parsed.GetRequiredValue(to), parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error));
        return command;
    }

    private static int Run(FileInfo data, FileInfo to, TextWriter output, TextWriter errors)
    {
        try
        {
            var bytes = DataCopy.Make(data.FullName, to.FullName);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{to} holds a copy of {data}: {bytes:N0} bytes, checked."));
            return 0;
        }
        catch (StorageException failure)
        {
            errors.WriteLine(failure.Message);
            return 1;
        }
    }
}
