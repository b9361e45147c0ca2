using FuncLimiter.Gateway.Jobs;

namespace FuncLimiter.Server.Storage.Jobs;

/// <summary>How states of items are stored: as <see cref="JobItemState"/>, and one more for those that wait until an instant.</summary>
internal static class ItemState
{
    public const int Waiting = (int)JobItemState.Waiting;
    public const int Running = (int)JobItemState.Running;
    public const int Cancelled = (int)JobItemState.Cancelled;
    public const int Expired = (int)JobItemState.Expired;

    /// <summary>Waits, and is not to be taken before an instant.</summary>
    public const int Postponed = 6;

    public static bool IsFinal(int state) => state is not (Waiting or Running or Postponed);

    public static JobItemState Of(int state) => state == Postponed ? JobItemState.Waiting : (JobItemState)state;
}
