namespace FuncLimiter.Gateway.Jobs;

/// <summary>One call of a job, taken from the store to be run.</summary>
/// <param name="Key">Which.</param>
/// <param name="Tenant">Whose.</param>
/// <param name="Call">What is asked.</param>
/// <param name="Deadline">When it must have ended.</param>
/// <param name="Failures">How many attempts at a provider failed so far.</param>
public sealed record JobItem(JobItemKey Key, string Tenant, JobCall Call, DateTimeOffset Deadline, int Failures);
