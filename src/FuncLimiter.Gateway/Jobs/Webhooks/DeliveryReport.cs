namespace FuncLimiter.Gateway.Jobs.Webhooks;

/// <summary>How far the delivery of an outcome is.</summary>
public enum DeliveryState
{
    /// <summary>The job has not ended, or the delivery is to be tried (again).</summary>
    Pending,

    /// <summary>The receiver took it.</summary>
    Delivered,

    /// <summary>Given up after the last attempt; the outcome can still be polled.</summary>
    Failed,
}

/// <summary>How the delivery of a job's outcome stands.</summary>
/// <param name="State">How far it is.</param>
/// <param name="Attempts">How often it was tried.</param>
/// <param name="LastError">What the last failed attempt met; null where none failed.</param>
public sealed record DeliveryReport(DeliveryState State, int Attempts, string? LastError);
