using System.CommandLine;

namespace FuncLimiter.Server.Commands;

/// <summary>The server's commands.</summary>
internal static class CommandLine
{
    /// <summary>All commands under one root.</summary>
    public static RootCommand Create() => new("FuncLimiter lets every call to a language model out at the moment when it will be accepted.")
    {
        ServeCommand.Create(),
        CheckCommand.Create(),
        PlanCommand.Create(),
        SimulateCommand.Create(),
        CompletionCommand.Create(),
        DemoCommand.Create(),
        TopCommand.Create(),
    };

    /// <summary>The option that names the configuration.</summary>
    public static Option<FileInfo> Config() => new("--config")
    {
        Description = "The configuration, funclimiter.json.",
        Required = true,
    };
}
