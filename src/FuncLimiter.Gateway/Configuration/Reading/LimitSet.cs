using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Gateway.Configuration.Reading;

/// <summary>Limits as they were written, and what they mean.</summary>
/// <param name="Amounts">The amounts by member (<c>rpm</c>, <c>tpm</c>, ...).</param>
/// <param name="Limits">The same for the core.</param>
internal sealed record LimitSet(IReadOnlyDictionary<string, long> Amounts, IReadOnlyList<Limit> Limits)
{
    public static readonly LimitSet None = new(new Dictionary<string, long>(), []);

    /// <summary>US dollars per day; null for no such limit.</summary>
    public decimal? UsdPerDay { get; init; }
}
