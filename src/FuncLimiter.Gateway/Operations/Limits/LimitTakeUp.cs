using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Providers.Limits;

namespace FuncLimiter.Gateway.Operations.Limits;

/// <summary>From what a provider's API told to what its account's budgets go by.</summary>
public static class LimitTakeUp
{
    /// <summary>
    /// What was told of the limits that the account's deployments have. What was told of no limit that is counted here is left out; a
    /// deployment's open limits that its model's entry says nothing of are none.
    /// </summary>
    /// <param name="account">The account.</param>
    /// <param name="told">What was told.</param>
    public static IEnumerable<ToldLimit> Of(AccountConfiguration account, ReadLimits told)
    {
        foreach (var model in account.Models)
        {
            var limits = told.Of(model.Model);
            foreach (var limit in limits.Count == 0 ? [] : model.Limits.Where(static limit => !limit.IsSlice))
            {
                var named = limits.FirstOrDefault(one => one.Dimension == limit.Dimension && one.Window == limit.Window);
                if (named is not null || limit.IsOpen)
                {
                    // A model that may not be called at all refuses by itself, and says so; a limit of 0 lets nothing find that out.
                    yield return new($"deployment:{account.Id}/{model.Model}", limit, named?.Amount is { } amount ? Math.Max(1, amount) : null);
                }
            }
        }
    }
}

/// <summary>What was told of one limit.</summary>
/// <param name="Budget">The budget's name.</param>
/// <param name="Limit">The limit as configured.</param>
/// <param name="Amount">The amount for a window, at least 1; null for no limit.</param>
public sealed record ToldLimit(string Budget, Limit Limit, long? Amount);
