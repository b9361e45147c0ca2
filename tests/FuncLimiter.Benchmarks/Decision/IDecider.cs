namespace FuncLimiter.Benchmarks.Decision;

/// <summary>Something that decides in this process whether a call may go out.</summary>
internal interface IDecider : IDisposable
{
    /// <summary>Its name in the report.</summary>
    string Name { get; }

    /// <summary>What one of its decisions does.</summary>
    string Does { get; }

    /// <summary>Decides <paramref name="count"/> times, from the <paramref name="first"/> decision of the workload on, all granted.</summary>
    /// <exception cref="InvalidOperationException">One was refused: the figures would mean nothing.</exception>
    void Decide(long first, int count);
}
