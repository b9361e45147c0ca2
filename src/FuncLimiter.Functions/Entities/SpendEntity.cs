using System.Security.Cryptography;
using System.Text;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Spending;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Entities;

namespace FuncLimiter.Functions.Entities;

/// <summary>
/// Owns one spending budget, a run's or a month's, and grants parts of it to the instances of the app. Operations may come twice, late and in
/// any order. Reading the state is the answer.
/// </summary>
internal sealed class SpendEntity(LeaseSource source, TimeProvider time) : ITaskEntity
{
    /// <summary>Grants and takes back; takes a <see cref="SpendAsk"/>.</summary>
    public const string Ask = "Ask";

    /// <summary>Gives more; takes a <see cref="SpendRaise"/>.</summary>
    public const string Raise = "Raise";

    /// <summary>Holds for calls that are answered hours later; takes a <see cref="SpendDepositAsk"/>.</summary>
    public const string Deposit = "Deposit";

    /// <summary>Ends what is held so; takes a <see cref="SpendDepositEnd"/>.</summary>
    public const string EndDeposit = "EndDeposit";

    /// <summary>Forgets a budget that is over; takes nothing.</summary>
    public const string Forget = "Forget";

    /// <summary>The entity that owns a budget. Names of runs hold what no key of an entity may.</summary>
    public static EntityInstanceId Owner(string budget) =>
        new(nameof(SpendEntity), Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(budget))));

    /// <summary>The entity's function, dispatched by the worker.</summary>
    [Function(nameof(SpendEntity))]
    public static Task DispatchAsync([EntityTrigger] TaskEntityDispatcher dispatcher) => dispatcher.DispatchAsync<SpendEntity>();

    /// <inheritdoc/>
    public ValueTask<object?> RunAsync(TaskEntityOperation operation)
    {
        var now = Instant.From(time.GetUtcNow());
        var state = (SpendOwnerState?)operation.State.GetState(typeof(SpendOwnerState));
        switch (operation.Name)
        {
            case Ask:
                var ask = operation.GetInput<SpendAsk>()!;
                operation.State.SetState(SpendOwner.Answer(CapOf(ask.Budget), state, ask, now));
                break;
            case Raise:
                var raise = operation.GetInput<SpendRaise>()!;
                operation.State.SetState(SpendOwner.Raise(CapOf(raise.Budget), state, raise, now));
                break;
            case Deposit:
                var deposit = operation.GetInput<SpendDepositAsk>()!;
                operation.State.SetState(SpendOwner.Deposit(CapOf(deposit.Budget), state, deposit, now));
                break;
            case EndDeposit:
                var end = operation.GetInput<SpendDepositEnd>()!;
                operation.State.SetState(state is null ? null : SpendOwner.End(CapOf(end.Budget), state, end, now));
                break;
            case Forget:
                operation.State.SetState(state is null || SpendOwner.IsOver(state, now) ? null : state);
                break;
            default:
                throw new NotSupportedException($"A spending budget has no operation '{operation.Name}'.");
        }

        return new((object?)null);
    }

    private SpendCap CapOf(string budget) => new SpendBook(source.Configuration.Budgets).CapFor(budget)
        ?? throw new ArgumentException($"No such budget is configured (any more): {budget}.", nameof(budget));
}
