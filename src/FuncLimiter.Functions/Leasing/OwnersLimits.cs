using System.Collections.Concurrent;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Functions.Entities;
using FuncLimiter.Gateway.Calls.Admission;

namespace FuncLimiter.Functions.Leasing;

/// <summary>
/// What the owners of budgets go by where that is not the configuration, for this instance to show and to count by: it was set while the app
/// runs.
/// </summary>
/// <param name="limiter">This instance's limiter.</param>
/// <param name="source">What the configuration says.</param>
internal sealed class OwnersLimits(EmbeddedLimiter limiter, LeaseSource source)
{
    private readonly ConcurrentDictionary<string, long> _known = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IReadOnlyList<Limit>> _limits = source.Spec.Deployments
        .ToDictionary(static deployment => $"deployment:{deployment.Id}", static deployment => deployment.Limits, StringComparer.Ordinal);

    /// <summary>Follows what an owner goes by.</summary>
    /// <param name="limits">Its limits; null where it goes by the configuration.</param>
    public void Follow(ScopeLimits? limits)
    {
        foreach (var (budget, amounts) in limits?.Amounts ?? new Dictionary<string, long[]>())
        {
            if (!_limits.TryGetValue(budget, out var configured) || amounts.Length != configured.Count || _known.GetValueOrDefault(budget) == limits!.Sequence)
            {
                continue;
            }

            _known[budget] = limits.Sequence;
            foreach (var (limit, amount) in configured.Zip(amounts).Where(static pair => !pair.First.IsSlice))
            {
                long? read = amount >= Limit.Unbounded ? null : Math.Max(1, amount);
                limiter.Control((controls, now) => controls.TakeUp(budget, limit.Dimension, limit.Window, read, now));
            }
        }
    }
}
