namespace FuncLimiter.Core.Budgets;

/// <summary>An estimate held in all budgets of a call until it is settled or expires.</summary>
public sealed class Reservation
{
    private Charge[] marks = [];

    /// <summary>When it was taken.</summary>
    public Instant TakenAt { get; private set; }

    /// <summary>When the call left for its provider, as far as that is told: from then on its provider counts it.</summary>
    public Instant SentAt { get; private set; }

    /// <summary>What is held of the deployment's budgets: its own, its account's, the shared ones.</summary>
    public Charge Provider { get; private set; }

    /// <summary>What is held of the tenant's and the user's budgets.</summary>
    public Charge Consumer => Call is { } call ? call.Consumer : default;

    /// <summary>True from settlement, or from expiry, on.</summary>
    public bool IsSettled { get; internal set; } = true;

    /// <summary>The deployment that it was taken for, as <c>account/model</c>; null before.</summary>
    public string? Deployment => Call?.Deployment?.Id;

    internal Scheduling.Call? Call { get; private set; }

    /// <summary>Whether its answer reported something of the limits.</summary>
    internal bool HasReport { get; set; }

    /// <summary>The charge by the documented rule, whatever is held.</summary>
    internal Charge Documented => Call is { Place: >= 0 } call ? call.Provider[call.Place] : default;

    /// <summary>What one of its deployment's budgets read once this was taken.</summary>
    /// <param name="scope">The budget's place among the deployment's scopes.</param>
    internal ref readonly Charge MarkOf(int scope) => ref marks[scope];

    internal void Begin(Scheduling.Call call, in Charge held, ReadOnlySpan<Budget> scopes, Instant now)
    {
        Call = call;
        Provider = held;
        (IsSettled, HasReport) = (false, false);
        TakenAt = now;
        if (marks.Length < scopes.Length)
        {
            marks = new Charge[scopes.Length];
        }

        Leave(scopes, now);
    }

    internal void Leave(ReadOnlySpan<Budget> scopes, Instant now)
    {
        SentAt = now;
        for (var i = 0; i < scopes.Length; i++)
        {
            marks[i] = scopes[i].Taken;
        }
    }
}
