namespace FuncLimiter.Functions.Tests.Harness;

/// <summary>One entry of an orchestration's history.</summary>
/// <param name="At">When it was written.</param>
public abstract record HistoryEvent(DateTime At);

/// <summary>From here on the orchestrator runs with what follows.</summary>
public sealed record EpisodeStarted(DateTime At) : HistoryEvent(At);

/// <summary>Something that the orchestrator asked for, under the number of its asking.</summary>
public sealed record Asked(DateTime At, int Number, Request Request) : HistoryEvent(At);

/// <summary>An answer to something asked.</summary>
public sealed record Answered(DateTime At, int Number, string? Result, Exception? Failure) : HistoryEvent(At);

/// <summary>An event raised from outside.</summary>
public sealed record EventRaised(DateTime At, string Name, string? Data) : HistoryEvent(At);

/// <summary>What an orchestrator can ask for; equal where it asks for the same.</summary>
public abstract record Request;

/// <summary>An activity.</summary>
public sealed record ActivityRequest(string Name, string? Input) : Request;

/// <summary>A durable timer.</summary>
public sealed record TimerRequest(DateTime FireAt) : Request;
