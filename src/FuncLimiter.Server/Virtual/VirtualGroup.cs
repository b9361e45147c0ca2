using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Simulation.Virtual;
using Route = FuncLimiter.Gateway.Routes.Route;

namespace FuncLimiter.Server.Virtual;

/// <summary>A group of agents at work.</summary>
internal sealed class VirtualGroup
{
    private const int BytesPerToken = 4;
    private readonly TokenSpread _input;
    private readonly TokenSpread _output;

    public VirtualGroup(WorkGroup work, Route route, ulong closed, GroupTally tally, ulong seed, int index)
    {
        Work = work;
        Route = route;
        Closed = closed | route.Closed(Operation.ChatCompletions);
        Tally = tally;
        Chance = new Chance(seed, (ulong)index * 2);
        Caller = new Caller(work.Tenant, null, work.Priority, work.Name, null, null);
        var arrivals = new Chance(seed, ((ulong)index * 2) + 1);
        Arrivals = work.Agents > 0 ? Arrivals.OfAgents(work.Agents, work.ThinkSeconds, arrivals) : Arrivals.ByHour(work.CallsByHour, arrivals);
        _input = new TokenSpread(work.InputTokens, work.Spread);
        _output = new TokenSpread(work.OutputTokens, work.Spread);
    }

    public WorkGroup Work { get; }

    public Route Route { get; }

    /// <summary>Deployments that may not serve its calls, as bits; smaller models not counted.</summary>
    public ulong Closed { get; }

    public GroupTally Tally { get; }

    public Caller Caller { get; }

    public Arrivals Arrivals { get; }

    /// <summary>Its own stream of chance: what happens to others changes nothing in its calls.</summary>
    public Chance Chance { get; }

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
