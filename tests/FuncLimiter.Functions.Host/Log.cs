namespace FuncLimiter.Functions.Host;

/// <summary>What the host tells, a line at a time.</summary>
internal static class Log
{
    public static void Write(string line) => Console.WriteLine($"{DateTime.UtcNow:HH:mm:ss.fff} {line}");
}
