using Microsoft.Extensions.Logging.Console;

namespace FuncLimiter.Server.Hosting;

/// <summary>What the server logs, and where: lines on the console, none of them for a call that goes well.</summary>
internal static class ServerLogging
{
    /// <summary>Sets logging up.</summary>
    public static void Configure(ILoggingBuilder logging, bool quiet)
    {
        logging.ClearProviders();
        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
            console.UseUtcTimestamp = true;
            console.ColorBehavior = LoggerColorBehavior.Disabled;
        });
        logging.Services.Configure<ConsoleLoggerOptions>(console =>
        {
            console.LogToStandardErrorThreshold = LogLevel.Trace;
            console.QueueFullMode = ConsoleLoggerQueueFullMode.DropWrite;
        });
        logging.SetMinimumLevel(Least(quiet));
        logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        logging.AddFilter("System.Net.Http", LogLevel.Warning);
    }

    /// <summary>What is said at least.</summary>
    public static LogLevel Least(bool quiet) => quiet ? LogLevel.Error : LogLevel.Information;
}
