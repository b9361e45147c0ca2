namespace FuncLimiter.Simulation.Providers.Hosting;

/// <summary>How an accepted call ended.</summary>
internal enum CallEnd
{
    /// <summary>Answered to the end.</summary>
    Completed,

    /// <summary>Its caller went away.</summary>
    Cancelled,

    /// <summary>Something went wrong with it.</summary>
    Failed,
}
