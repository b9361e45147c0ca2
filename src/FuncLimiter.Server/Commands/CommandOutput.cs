using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Spectre.Console;

namespace FuncLimiter.Server.Commands;

/// <summary>What commands print in common: JSON for programs, progress for people.</summary>
internal static class CommandOutput
{
    private const int WidthOfFiles = 140;
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>The option for programs.</summary>
    public static Option<bool> Json() => new("--json") { Description = "Prints one JSON document, and nothing else." };

    /// <summary>The console, wide enough for tables where no terminal says how wide it is.</summary>
    public static IAnsiConsole Console()
    {
        var console = AnsiConsole.Console;
        if (!console.Profile.Out.IsTerminal)
        {
            console.Profile.Width = Math.Max(console.Profile.Width, WidthOfFiles);
        }

        return console;
    }

    /// <summary>One line of JSON.</summary>
    public static string Serialize<T>(T value) => JsonSerializer.Serialize(value, Options);

    /// <summary>Does long work, with a progress bar where a person looks on.</summary>
    /// <param name="name">What is being done.</param>
    /// <param name="isForPerson">Whether anything but the result may be printed.</param>
    /// <param name="work">The work; told how far it is, 0 to 1.</param>
    public static T WithProgress<T>(string name, bool isForPerson, Func<Action<double>?, T> work)
    {
        if (!isForPerson || !AnsiConsole.Console.Profile.Capabilities.Interactive)
        {
            return work(null);
        }

        return AnsiConsole.Progress().AutoClear(true).Start(context =>
        {
            var task = context.AddTask(name, maxValue: 1);
            return work(share => task.Value = share);
        });
    }
}
