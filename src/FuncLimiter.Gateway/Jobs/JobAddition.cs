namespace FuncLimiter.Gateway.Jobs;

/// <summary>What became of a job that was to be stored.</summary>
public enum JobAdditionKind
{
    /// <summary>It is stored, and will be run.</summary>
    Added,

    /// <summary>The same was stored before, under the same key.</summary>
    Known,

    /// <summary>Something else was stored before under the same key.</summary>
    Different,

    /// <summary>As many calls wait as may be stored.</summary>
    Full,
}

/// <summary>What became of a job that was to be stored.</summary>
/// <param name="Kind">What.</param>
/// <param name="Id">The id of the stored job; null where none was.</param>
public readonly record struct JobAddition(JobAdditionKind Kind, string? Id);
