using FuncLimiter.Core.Budgets;
using Microsoft.DurableTask.Entities;

namespace FuncLimiter.Functions.Entities;

/// <summary>What can be asked of a <see cref="BudgetEntity"/>, by name.</summary>
internal static class BudgetOperations
{
    /// <summary>Lends, takes back and learns; takes a <see cref="Core.Leasing.ScopeAsk"/>.</summary>
    public const string Lease = "Lease";

    /// <summary>Closes a budget; takes a <see cref="ScopeCooldown"/>.</summary>
    public const string CoolDown = "CoolDown";

    /// <summary>Sets other limits than the configuration's; takes a <see cref="ScopeLimits"/>.</summary>
    public const string Configure = "Configure";

    /// <summary>Forgets everything, as every durable entity can; what is lent is waited out before it is lent again.</summary>
    public const string Delete = "delete";

    /// <summary>The entity that owns a scope.</summary>
    public static EntityInstanceId Owner(string scope) => new(nameof(BudgetEntity), scope);
}

/// <summary>Closes a budget until an instant.</summary>
/// <param name="Budget">The budget's name.</param>
/// <param name="Until">Until when.</param>
internal sealed record ScopeCooldown(string Budget, Instant Until);

/// <summary>Limits that hold instead of the configuration's, by budget: an amount for each limit, in the configuration's order.</summary>
/// <param name="Sequence">Rises with every change; an older one that comes late changes nothing.</param>
/// <param name="Amounts">The amounts; a budget that is not named goes by the configuration.</param>
internal sealed record ScopeLimits(long Sequence, IReadOnlyDictionary<string, long[]> Amounts);
