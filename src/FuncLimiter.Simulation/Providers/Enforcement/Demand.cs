namespace FuncLimiter.Simulation.Providers.Enforcement;

/// <summary>Amounts by dimension.</summary>
internal readonly record struct Demand(long Requests, long Tokens, long InputTokens, long OutputTokens, long Concurrent)
{
    public long this[LimitDimension dimension] => dimension switch
    {
        LimitDimension.Requests => Requests,
        LimitDimension.Tokens => Tokens,
        LimitDimension.InputTokens => InputTokens,
        LimitDimension.OutputTokens => OutputTokens,
        _ => Concurrent,
    };
}
