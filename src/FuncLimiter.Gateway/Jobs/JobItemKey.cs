using System.Globalization;

namespace FuncLimiter.Gateway.Jobs;

/// <summary>One call of a job.</summary>
/// <param name="Job">The job's id.</param>
/// <param name="Index">The call's place in it, from 0.</param>
public readonly record struct JobItemKey(string Job, int Index)
{
    /// <summary>The same as a text: the key under which providers may treat repeats as one call.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Job}-{Index}");
}
