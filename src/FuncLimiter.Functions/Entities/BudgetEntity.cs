using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Leasing;
using FuncLimiter.Gateway.Calls.Admission;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Entities;

namespace FuncLimiter.Functions.Entities;

/// <summary>
/// Owns the budgets of one scope, an account with its deployments or a part of the tenants, and lends them to the instances of the app. The
/// entity's key is the scope. Operations may come twice, late and in any order; each is whole or not there. Reading the state is the snapshot.
/// </summary>
internal sealed class BudgetEntity(LeaseSource source, TimeProvider time) : ITaskEntity
{
    /// <summary>The entity's function, dispatched by the worker.</summary>
    [Function(nameof(BudgetEntity))]
    public static Task DispatchAsync([EntityTrigger] TaskEntityDispatcher dispatcher) => dispatcher.DispatchAsync<BudgetEntity>();

    /// <inheritdoc/>
    public ValueTask<object?> RunAsync(TaskEntityOperation operation)
    {
        var now = SteadyClock.Of(time).Now;
        var state = (OwnerState?)operation.State.GetState(typeof(OwnerState));
        if (operation.Name.Equals(BudgetOperations.Delete, StringComparison.OrdinalIgnoreCase))
        {
            operation.State.SetState(BudgetOwner.Forget(state, source.Policy, now));
            return new((object?)null);
        }

        var owner = BudgetOwner.Open(operation.Context.Id.Key, state, source, now);
        switch (operation.Name)
        {
            case BudgetOperations.Lease:
                owner.Answer(operation.GetInput<ScopeAsk>()!, now);
                break;
            case BudgetOperations.CoolDown:
                owner.CoolDown(operation.GetInput<ScopeCooldown>()!, now);
                break;
            case BudgetOperations.Configure:
                owner.Configure(operation.GetInput<ScopeLimits>()!, now);
                break;
            case BudgetOperations.Teach:
                owner.Teach(operation.GetInput<ScopeTeaching>()!, now);
                break;
            default:
                throw new NotSupportedException($"A budget has no operation '{operation.Name}'.");
        }

        operation.State.SetState(owner.Save(now));
        return new((object?)null);
    }
}

/// <summary>What can be asked of a <see cref="BudgetEntity"/>, by name.</summary>
internal static class BudgetOperations
{
    /// <summary>Lends, takes back and learns; takes a <see cref="Core.Leasing.ScopeAsk"/>.</summary>
    public const string Lease = "Lease";

    /// <summary>Closes a budget; takes a <see cref="ScopeCooldown"/>.</summary>
    public const string CoolDown = "CoolDown";

    /// <summary>Sets other limits than the configuration's; takes a <see cref="ScopeLimits"/>.</summary>
    public const string Configure = "Configure";

    /// <summary>Pins a rule of charging, or forgets what was learned; takes a <see cref="ScopeTeaching"/>.</summary>
    public const string Teach = "Teach";

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

/// <summary>A person's word on what was learned of a budget: the rule by which it is charged, or that all of it is to be forgotten.</summary>
/// <param name="Id">Tells it from others: one that comes twice is done once.</param>
/// <param name="Budget">The budget's name.</param>
/// <param name="Dimension">Which tokens are charged by <paramref name="Rule"/>.</param>
/// <param name="Rule">The rule; null to forget.</param>
internal sealed record ScopeTeaching(string Id, string Budget, Dimension Dimension = default, ChargeRule? Rule = null);

/// <summary>What became of a <see cref="ScopeTeaching"/>.</summary>
/// <param name="Id">Its id.</param>
/// <param name="IsDone">False where there is no such budget, or nothing in it is charged by that rule.</param>
internal sealed record TeachingOutcome(string Id, bool IsDone);
