namespace FuncLimiter.Gateway.Http.Endpoints;

/// <summary>A feature of a request that a host's own front door let in as an operator's: it may see every tenant.</summary>
public sealed record OperatorAccess;
