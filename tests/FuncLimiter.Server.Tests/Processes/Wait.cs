namespace FuncLimiter.Server.Tests.Processes;

/// <summary>Waits for what other processes do.</summary>
internal static class Wait
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    public static Task UntilAsync(Func<bool> condition) => UntilAsync(() => Task.FromResult(condition()));

    public static async Task UntilAsync(Func<Task<bool>> condition)
    {
        var end = DateTime.UtcNow + Longest;
        while (!await condition())
        {
            Assert.True(DateTime.UtcNow < end, "It did not come about in time.");
            await Task.Delay(10);
        }
    }
}
