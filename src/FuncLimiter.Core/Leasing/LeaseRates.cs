using System.Text.Json.Serialization;
using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Leasing;

/// <summary>Units per second by dimension; for calls under way at once, how many.</summary>
/// <param name="Requests">Calls per second.</param>
/// <param name="Tokens">Tokens per second.</param>
/// <param name="InputTokens">Input tokens per second.</param>
/// <param name="OutputTokens">Output tokens per second.</param>
/// <param name="Concurrent">Calls under way at once.</param>
/// <param name="Cost">Billionths of a US dollar per second.</param>
public readonly record struct LeaseRates(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] double Requests,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] double Tokens = 0,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] double InputTokens = 0,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] double OutputTokens = 0,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] double Concurrent = 0,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] double Cost = 0)
{
    /// <summary>The rate of one dimension.</summary>
    public double this[Dimension dimension] => dimension switch
    {
        Dimension.Requests => Requests,
        Dimension.Tokens => Tokens,
        Dimension.InputTokens => InputTokens,
        Dimension.OutputTokens => OutputTokens,
        Dimension.Concurrent => Concurrent,
        _ => Cost,
    };

    /// <summary>Whether every rate is a number of at least zero.</summary>
    internal bool IsValid =>
        Valid(Requests) && Valid(Tokens) && Valid(InputTokens) && Valid(OutputTokens) && Valid(Concurrent)
        && Valid(Cost);

    private static bool Valid(double rate) => rate >= 0 && double.IsFinite(rate);
}
