using FuncLimiter.Core;
using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Gateway.Calls.Admission;

/// <summary>Where a running limiter is changed.</summary>
internal sealed class ControlDesk(ILimiter limiter)
{
    /// <summary>Changes something; false where there is no such thing, or this limiter can't be changed.</summary>
    public bool Change(Func<Controls, Instant, bool> change) => limiter is EmbeddedLimiter embedded && embedded.Control(change);
}
