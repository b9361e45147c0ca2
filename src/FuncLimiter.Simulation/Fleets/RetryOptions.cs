namespace FuncLimiter.Simulation.Fleets;

/// <summary>How agents take refusals: as the official SDKs do (openai-node, src/client.ts).</summary>
public sealed record RetryOptions
{
    /// <summary>How often a call is tried again; default 2.</summary>
    public int Retries { get; init; } = 2;

    /// <summary>The first pause where no hint came; each further one is twice as long; default half a second.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>The longest pause without a hint; default 8 seconds.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>The longest hint that is followed; a longer one is passed over; default one minute.</summary>
    public TimeSpan LongestHint { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The pause before a retry.</summary>
    /// <param name="retry">Which one, from 0.</param>
    /// <param name="hint">What the response asked for, or null.</param>
    /// <param name="chance">0 to 1, takes up to a quarter off a pause without a hint.</param>
    public TimeSpan PauseBefore(int retry, TimeSpan? hint, double chance)
    {
        if (hint is { } asked && asked >= TimeSpan.Zero && asked <= LongestHint)
        {
            return asked;
        }

        var pause = FirstPause * Math.Pow(2, Math.Min(retry, 30));
        return (pause < LongestPause ? pause : LongestPause) * (1 - (0.25 * chance));
    }
}
