using System.Globalization;
using FuncLimiter.Gateway.Calls;

namespace FuncLimiter.Gateway.Jobs.Running;

/// <summary>What to do with a job's call after a run: end it, or try it again later.</summary>
/// <param name="Final">The state to end in; null to try again.</param>
/// <param name="Wait">How long to wait before the next run.</param>
/// <param name="Failures">How many attempts at providers have failed.</param>
internal readonly record struct JobStep(JobItemState? Final, TimeSpan Wait, int Failures)
{
    /// <summary>How often a call is run that providers fail to answer; the executor has tried several times in each run.</summary>
    public const int MostFailures = 6;

    /// <summary>A limiter's hint counts on the worst: when others leave sooner there is room sooner, and asking again costs little.</summary>
    private static readonly TimeSpan LongestRefusal = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan LongestHint = TimeSpan.FromHours(1);
    private static readonly TimeSpan ShortestWait = TimeSpan.FromSeconds(1);

    /// <summary>Decides by an answer.</summary>
    public static JobStep After(CallResult answer, int failures)
    {
        if (answer.Status is >= 200 and < 400)
        {
            return new JobStep(JobItemState.Succeeded, TimeSpan.Zero, failures);
        }

        if (!MayPass(answer.Status))
        {
            return new JobStep(JobItemState.Failed, TimeSpan.Zero, failures);
        }

        // Nobody was asked: the limiter has no room now, which is no failure.
        return answer.Deployment is null
            ? new JobStep(null, Bound(Hint(answer) ?? TimeSpan.FromSeconds(30), LongestRefusal), failures)
            : Header(answer, "x-should-retry") is "false" ? new JobStep(JobItemState.Failed, TimeSpan.Zero, failures) : AfterFailure(failures, Hint(answer));
    }

    /// <summary>Decides after a run that brought no answer, or one that may pass.</summary>
    public static JobStep AfterFailure(int failures, TimeSpan? hint)
    {
        failures++;
        var backoff = TimeSpan.FromSeconds(5 * Math.Pow(4, failures - 1));
        return failures >= MostFailures
            ? new JobStep(JobItemState.Failed, TimeSpan.Zero, failures)
            : new JobStep(null, Bound(hint > backoff ? hint.Value : backoff, LongestHint), failures);
    }

    private static bool MayPass(int status) => status is 408 or 409 or 425 or 429 or >= 500;

    private static TimeSpan Bound(TimeSpan wait, TimeSpan most) => wait < ShortestWait ? ShortestWait : wait > most ? most : wait;

    private static TimeSpan? Hint(CallResult answer) =>
        Number(Header(answer, "retry-after-ms")) is { } milliseconds ? TimeSpan.FromMilliseconds(milliseconds)
        : Number(Header(answer, "Retry-After")) is { } seconds ? TimeSpan.FromSeconds(seconds)
        : null;

    private static string? Header(CallResult answer, string name) =>
        answer.Headers.FirstOrDefault(header => header.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;

    private static double? Number(string? text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number <= 1e9 ? number : null;
}
