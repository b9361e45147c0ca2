namespace FuncLimiter.Simulation.Providers.Reports;

/// <summary>What was seen of the header <c>Idempotency-Key</c>.</summary>
/// <param name="Distinct">Different keys; counting stops at a million.</param>
/// <param name="Repeated">Calls whose key had come before, retries after a refusal among them.</param>
/// <param name="AcceptedTwice">Calls that were accepted although a call of the same key was accepted before: double work.</param>
public sealed record IdempotencyReport(long Distinct, long Repeated, long AcceptedTwice);
