namespace FuncLimiter.Functions.Hosting;

/// <summary>Tells the host why the app doesn't start, so that operators see it as an error.</summary>
internal static class StartFailure
{
    /// <summary>
    /// Lines for standard error: every mistake, then how many there are, which the host repeats when it gives up. The host logs each line by
    /// its words: as an error where it holds <c>error</c>, unless it holds <c>warn</c>, as <c>$.alerts.warnAt</c> does: then as a warning.
    /// Source: WorkerProcess.ParseErrorMessageAndLog in github.com/Azure/azure-functions-host, read 2026-11-28.
    /// </summary>
    /// <param name="mistakes">What is wrong, a mistake a line.</param>
    public static string Write(string mistakes)
    {
        var lines = mistakes.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var count = lines.Length == 1 ? "1 mistake, told" : $"{lines.Length} mistakes, each told";
        return string.Concat([.. lines.Select(line => $"error: {line}\n"), $"error: FuncLimiter can't start: {count} above.\n"]);
    }
}
