namespace FuncLimiter.Core.Budgets;

/// <summary>What happened to a meter between a request's leaving and its answer's report, which was stamped at some instant between.</summary>
/// <param name="SentAt">When the request left.</param>
/// <param name="Taken">What was taken since, after the request itself; the report may or may not count it.</param>
/// <param name="UnderWay">What is held for calls not settled yet; the provider may have counted all of it, a part, or more.</param>
public readonly record struct Elapsed(Instant SentAt, double Taken = 0, double UnderWay = 0);
