namespace FuncLimiter.Gateway.Jobs;

/// <summary>The paths of jobs, the same in every host.</summary>
public static class JobPaths
{
    /// <summary>Takes jobs.</summary>
    public const string Jobs = "/jobs";

    /// <summary>One job.</summary>
    public const string Job = "/jobs/{id}";

    /// <summary>The address of one job.</summary>
    /// <param name="id">Its id.</param>
    public static string Of(string id) => $"{Jobs}/{id}";
}
