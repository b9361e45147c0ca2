namespace FuncLimiter.Gateway.Jobs;

/// <summary>Which of a job's calls to show: at least one, however large, and no more than fit both bounds.</summary>
/// <param name="From">The first index.</param>
/// <param name="MostItems">How many at most.</param>
/// <param name="MostBytes">How many bytes of answers at most, from the second call on.</param>
public readonly record struct JobPage(int From, int MostItems, int MostBytes)
{
    /// <summary>The first 100, of up to 4 MiB.</summary>
    public static readonly JobPage First = new(0, 100, 4 * 1024 * 1024);
}
