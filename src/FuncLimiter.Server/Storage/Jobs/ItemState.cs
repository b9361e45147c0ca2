using FuncLimiter.Gateway.Jobs;

namespace FuncLimiter.Server.Storage.Jobs;

/// <summary>How states of items are stored: as <see cref="JobItemState"/>, and more for those that wait for something.</summary>
internal static class ItemState
{
    public const int Waiting = (int)JobItemState.Waiting;
    public const int Running = (int)JobItemState.Running;
    public const int Cancelled = (int)JobItemState.Cancelled;
    public const int Expired = (int)JobItemState.Expired;

    /// <summary>Waits, and is not to be taken before an instant.</summary>
    public const int Postponed = 6;

    /// <summary>Waits for others to make a batch with.</summary>
    public const int Collected = 7;

    /// <summary>Is in a batch.</summary>
    public const int InBatch = 8;

    public static bool IsFinal(int state) => state is not (Waiting or Running or Postponed or Collected or InBatch);

    public static JobItemState Of(int state) => state is Postponed or Collected or InBatch ? JobItemState.Waiting : (JobItemState)state;
}
