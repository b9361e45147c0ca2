using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Pacing;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Core.Spending;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Simulation.Virtual;
using Route = FuncLimiter.Gateway.Calls.Routes.Route;

namespace FuncLimiter.WhatIf.Virtual;

/// <summary>One call on its way through a simulation.</summary>
internal sealed class VirtualCall(VirtualGroup group, RequestFacts facts, CallPlan plan, Instant at)
{
    /// <summary>Whose it is.</summary>
    public VirtualGroup Group { get; } = group;

    /// <summary>What the limiter knows of it.</summary>
    public RequestFacts Facts { get; } = facts;

    /// <summary>What it is foreseen to cost.</summary>
    public CallPlan Plan { get; set; } = plan;

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

    /// <summary>What is known of it beforehand; null where chance decides.</summary>
    public ScriptedCall? Script { get; init; }

    /// <summary>How many times a provider was asked, since it was made.</summary>
    public int Tries { get; set; }

    /// <summary>The attempts that failed, since it was made.</summary>
    public List<FailedTry> Failures { get; } = [];

    /// <summary>How long it had waited when it was made, this time.</summary>
    public TimeSpan WaitedBefore { get; set; }

    /// <summary>Whether smaller models may serve it.</summary>
    public Diversion Diversion { get; init; }

    /// <summary>Deployments that may never serve it, as bits.</summary>
    public ulong Closed { get; init; }

    /// <summary>What its jitter is drawn from.</summary>
    public ulong Seed { get; init; }

    /// <summary>Deployments that may not serve it this time, as bits.</summary>
    public ulong Excluded { get; set; }

    /// <summary>What is held for it in the budgets of its caller.</summary>
    public SpendHold? Spending { get; set; }

    /// <summary>What is held for it in the budgets of its account and model.</summary>
    public SpendHold? PlaceSpending { get; set; }

    /// <summary>Since when it waits for what others hold of a budget; null where it does not.</summary>
    public Instant? MoneyAskedAt { get; set; }

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
    public RequestFacts FactsAt(Gateway.Calls.Routes.Deployment deployment) =>
        Facts.Model == deployment.Target.Model ? Facts : Facts with { Model = deployment.Target.Model };
}

/// <summary>A group of agents at work.</summary>
internal sealed class VirtualGroup
{
    private const int BytesPerToken = 4;
    private readonly TokenSpread _input;
    private readonly TokenSpread _output;

    public VirtualGroup(WorkGroup work, Route route, ulong closed, VirtualTally tally, ulong seed, int index)
    {
        Work = work;
        Route = route;
        Forbidden = closed;
        Tally = tally;
        Chance = new Chance(seed, (ulong)index * 2);
        Caller = work.Caller ?? new Caller(work.Tenant, null, work.Priority, work.Name, null, null);
        var arrivals = new Chance(seed, ((ulong)index * 2) + 1);
        Arrivals = work.Agents > 0 ? Arrivals.OfAgents(work.Agents, work.ThinkSeconds, arrivals) : Arrivals.ByHour(work.CallsByHour is [] ? [0] : work.CallsByHour, arrivals);
        _input = new TokenSpread(work.InputTokens, work.Spread);
        _output = new TokenSpread(work.OutputTokens, work.Spread);
    }

    public WorkGroup Work { get; }

    public Route Route { get; }

    /// <summary>Deployments that its tenant may not use, as bits.</summary>
    public ulong Forbidden { get; }

    public VirtualTally Tally { get; }

    public Caller Caller { get; }

    public Arrivals Arrivals { get; }

    /// <summary>Its own stream of chance: what happens to others changes nothing in its calls.</summary>
    public Chance Chance { get; }

    /// <summary>Deployments that may not serve a call, as bits; smaller models not counted.</summary>
    public ulong Closed(Operation operation, IReadOnlyList<string> notAt)
    {
        // What is passed on as it is goes to paths that are not known any more.
        var closed = Forbidden | (operation is Operation.Other or Operation.OtherGeneration ? 0 : Route.Closed(operation));
        for (var place = 0; place < (notAt is [] ? 0 : Route.Deployments.Count); place++)
        {
            closed |= notAt.Contains(Route.Deployments[place].Name) ? 1UL << place : 0;
        }

        return closed;
    }

    /// <summary>What the next call uses.</summary>
    public TokenUsage Draw()
    {
        var input = _input.At(Chance.Normal());
        var output = _output.At(Chance.Normal());
        return new(input, Work.MaxOutputTokens is { } most ? Math.Min(most, output) : output);
    }

    /// <summary>What is seen of a call before it is made.</summary>
    public RequestFacts FactsOf(in TokenUsage usage) => new(
        Operation.ChatCompletions,
        Route.Deployments[0].Target.Model,
        0,
        0,
        Stream: false,
        Work.MaxOutputTokens,
        Choices: 1,
        TextBytes: (int)Math.Min(int.MaxValue, usage.InputTokens * BytesPerToken),
        Images: 0);
}
