using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Pacing;
using FuncLimiter.Core.Routing;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Simulation.Virtual;

namespace FuncLimiter.Server.Virtual;

/// <summary>One call on its way through a simulation.</summary>
internal sealed class VirtualCall(VirtualGroup group, RequestFacts facts, CallPlan plan, Instant at)
{
    /// <summary>Whose it is.</summary>
    public VirtualGroup Group { get; } = group;

    /// <summary>What the limiter knows of it.</summary>
    public RequestFacts Facts { get; } = facts;

    /// <summary>What it is foreseen to cost.</summary>
    public CallPlan Plan { get; } = plan;

    /// <summary>When it first came.</summary>
    public Instant SubmittedAt { get; } = at;

    /// <summary>How long it may wait each time that it is made.</summary>
    public TimeSpan Patience { get; init; }

    /// <summary>When it was made, this time: a refused one may come back.</summary>
    public Instant MadeAt { get; set; } = at;

    /// <summary>The latest instant at which it may go out, this time.</summary>
    public Instant Deadline => MadeAt + Patience;

    /// <summary>How often it came back after a refusal.</summary>
    public int Returns { get; set; }

    /// <summary>What it really uses.</summary>
    public TokenUsage Usage { get; init; }

    /// <summary>Whether smaller models may serve it.</summary>
    public Diversion Diversion { get; init; }

    /// <summary>Deployments that may never serve it, as bits.</summary>
    public ulong Closed { get; init; }

    /// <summary>What its jitter is drawn from.</summary>
    public ulong Seed { get; init; }

    /// <summary>As the limiter has it now.</summary>
    public Call Admission { get; set; } = null!;

    /// <summary>How long it has waited.</summary>
    public TimeSpan Waited { get; set; }

    /// <summary>Where it stands with the pacing machine; null as long as nothing failed, and it need not be asked.</summary>
    public PacingState? Pacing { get; set; }

    /// <summary>When its first attempt was admitted.</summary>
    public Instant AdmittedAt { get; set; }

    /// <summary>What the provider took it for on arrival.</summary>
    public Charge TrueStart { get; set; }

    /// <summary>What the provider says.</summary>
    public VirtualAnswer Answer { get; set; }

    /// <summary>What its headers say of its limits.</summary>
    public IReadOnlyList<LimitReading> Readings { get; set; } = [];

    /// <summary>What is known of it where it goes: some providers charge by model.</summary>
    public RequestFacts FactsAt(Gateway.Routes.Deployment deployment) =>
        Facts.Model == deployment.Target.Model ? Facts : Facts with { Model = deployment.Target.Model };
}
