namespace FuncLimiter.Gateway.Calls;

/// <summary>What became of a call, for counting.</summary>
public enum UsageOutcome
{
    /// <summary>It was answered.</summary>
    Answered,

    /// <summary>A provider failed, or said no.</summary>
    Failed,

    /// <summary>FuncLimiter turned it away: no room in time.</summary>
    Refused,

    /// <summary>Its caller went away before it was answered.</summary>
    Abandoned,

    /// <summary>Not its end: there was no room yet, and it waits on.</summary>
    Postponed,

    /// <summary>Not its end: a provider was asked in vain, and it is tried again.</summary>
    Unfinished,
}
