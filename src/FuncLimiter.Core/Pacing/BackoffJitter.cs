namespace FuncLimiter.Core.Pacing;

/// <summary>How chance spreads the retries of many callers.</summary>
public enum BackoffJitter
{
    /// <summary>Anywhere between the floor and the exponential delay of that attempt.</summary>
    Full,

    /// <summary>Anywhere between the base and three times the delay before, so that a call's delays don't march in step with its attempts.</summary>
    Decorrelated,
}
