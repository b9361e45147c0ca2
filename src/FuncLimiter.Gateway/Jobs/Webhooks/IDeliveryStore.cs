namespace FuncLimiter.Gateway.Jobs.Webhooks;

/// <summary>Keeps what is to be delivered safe across crashes. A delivery is there from the moment at which its job has ended.</summary>
public interface IDeliveryStore
{
    /// <summary>Takes deliveries that are due, and counts the attempt.</summary>
    /// <param name="now">The present.</param>
    /// <param name="until">When one comes due again if nothing is said of it: its sender died.</param>
    /// <param name="most">How many.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    Task<IReadOnlyList<Delivery>> TakeDueAsync(DateTimeOffset now, DateTimeOffset until, int most, CancellationToken cancellationToken);

    /// <summary>When the next delivery comes due; null where none is to be made.</summary>
    Task<DateTimeOffset?> NextDueAsync(CancellationToken cancellationToken);

    /// <summary>Tells how an attempt went.</summary>
    /// <param name="job">The job's id.</param>
    /// <param name="state">Delivered, given up, or to be tried again.</param>
    /// <param name="dueAt">When to try again.</param>
    /// <param name="error">What went wrong, or null.</param>
    Task RecordAsync(string job, DeliveryState state, DateTimeOffset dueAt, string? error);
}

/// <summary>An outcome to be sent now.</summary>
/// <param name="Job">The job's id.</param>
/// <param name="Tenant">Whose.</param>
/// <param name="Address">Where to.</param>
/// <param name="Attempt">The number of this attempt, from 1.</param>
public sealed record Delivery(string Job, string Tenant, string Address, int Attempt);

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
