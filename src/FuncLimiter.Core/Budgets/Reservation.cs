namespace FuncLimiter.Core.Budgets;

/// <summary>An estimate held in all budgets of a call until it is settled or expires.</summary>
public sealed class Reservation
{
    /// <summary>When it was taken.</summary>
    public Instant TakenAt { get; internal set; }

    /// <summary>What is held of the account's and the deployment's budgets.</summary>
    public Charge Provider => Call is { Place: >= 0 } call ? call.Provider[call.Place] : default;

    /// <summary>What is held of the tenant's and the user's budgets.</summary>
    public Charge Consumer => Call is { } call ? call.Consumer : default;

    /// <summary>True from settlement, or from expiry, on.</summary>
    public bool IsSettled { get; internal set; } = true;

    internal Scheduling.Call? Call { get; set; }

    internal Charge AccountMark { get; set; }

    internal Charge DeploymentMark { get; set; }
}
