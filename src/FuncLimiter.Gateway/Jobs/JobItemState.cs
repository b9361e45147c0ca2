namespace FuncLimiter.Gateway.Jobs;

/// <summary>How far one call of a job is. The last four are final.</summary>
public enum JobItemState
{
    /// <summary>Not begun, or to be tried again.</summary>
    Waiting,

    /// <summary>Waits for admission, or is under way.</summary>
    Running,

    /// <summary>Answered.</summary>
    Succeeded,

    /// <summary>Answered with an error that repeating does not mend.</summary>
    Failed,

    /// <summary>Given up by its tenant.</summary>
    Cancelled,

    /// <summary>Not answered before its deadline.</summary>
    Expired,
}
