namespace FuncLimiter.Core.Budgets;

/// <summary>An estimate held in all budgets of a call until it is settled or expires.</summary>
public sealed class Reservation
{
    private Charge accountMark;
    private Charge deploymentMark;

    /// <summary>When it was taken.</summary>
    public Instant TakenAt { get; private set; }

    /// <summary>What is held of the account's and the deployment's budgets.</summary>
    public Charge Provider => Call is { Place: >= 0 } call ? call.Provider[call.Place] : default;

    /// <summary>What is held of the tenant's and the user's budgets.</summary>
    public Charge Consumer => Call is { } call ? call.Consumer : default;

    /// <summary>True from settlement, or from expiry, on.</summary>
    public bool IsSettled { get; internal set; } = true;

    /// <summary>The deployment that it was taken for, as <c>account/model</c>; null before.</summary>
    public string? Deployment => Call?.Deployment?.Id;

    internal Scheduling.Call? Call { get; private set; }

    /// <summary>What the account's and the deployment's budgets read once this was taken.</summary>
    internal ref readonly Charge AccountMark => ref accountMark;

    internal ref readonly Charge DeploymentMark => ref deploymentMark;

    internal void Begin(Scheduling.Call call, in Charge account, in Charge deployment, Instant now)
    {
        Call = call;
        IsSettled = false;
        TakenAt = now;
        accountMark = account;
        deploymentMark = deployment;
    }
}
