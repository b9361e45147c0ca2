using System.Diagnostics;

namespace FuncLimiter.Server.Tests.Sdk;

/// <summary>Waits for what another process does in its own time.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static async Task Holds(Func<bool> condition)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(clock.Elapsed < Patience, $"It did not happen within {Patience}.");
            await Task.Delay(20);
        }
    }
}
