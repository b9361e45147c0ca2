using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Tests.Invariants.Broken;

/// <summary>Drops a call without a word where it finds the queue full.</summary>
internal sealed class DropsOnAFullLane(LimiterSpec spec) : LimiterUnderTest(spec)
{
    protected override void Report(Call call)
    {
        if (call.Refusal?.Reason != RefusalReason.QueueFull)
        {
            base.Report(call);
        }
    }
}
