using FuncLimiter.Functions.Orchestrators;
using FuncLimiter.Gateway.Jobs;

namespace FuncLimiter.Functions.Activities;

/// <summary>Asks for a leg of a call.</summary>
/// <param name="Job">The job.</param>
/// <param name="Index">The call's place in it.</param>
/// <param name="Leg">The leg's number; one that was run before is not run again.</param>
internal sealed record LegInput(string Job, int Index, int Leg);

/// <summary>What became of a leg.</summary>
/// <param name="Index">The call's place in its job.</param>
/// <param name="Ended">How the call ended; null where it goes on.</param>
/// <param name="Leg">The number of its next leg.</param>
/// <param name="WakeAt">When that is due.</param>
internal sealed record LegOutcome(int Index, JobItemState? Ended, int Leg, DateTimeOffset WakeAt);

/// <summary>Ends a job.</summary>
/// <param name="Job">The job.</param>
/// <param name="Ended">How its calls ended.</param>
internal sealed record EndJobInput(string Job, JobTally Ended);

/// <summary>Who waits for a job's outcome.</summary>
/// <param name="HasQueue">A queue does.</param>
/// <param name="HasWebhook">A webhook does.</param>
internal sealed record JobReceivers(bool HasQueue, bool HasWebhook);

/// <summary>Asks for an attempt at a webhook.</summary>
/// <param name="Job">The job.</param>
/// <param name="Attempt">The attempt's number, from 1.</param>
internal sealed record WebhookInput(string Job, int Attempt);

/// <summary>What became of the attempt.</summary>
/// <param name="RetryAfter">How long to wait for the next one; null where none is to be made.</param>
internal sealed record WebhookStep(TimeSpan? RetryAfter);
