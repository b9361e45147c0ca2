using System.Text.Json.Serialization;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Calls.Admission;

namespace FuncLimiter.Server.Storage;

/// <summary>Keeps the budgets' durable part.</summary>
public sealed partial class BudgetStore(Database database) : IBudgetStore
{
    private readonly StateTable<BudgetState> _table = new(database, "budgets", StateJson.Default.BudgetState, static state => state.Name);

    /// <inheritdoc/>
    public IReadOnlyList<BudgetState> Load() => _table.Load();

    /// <inheritdoc/>
    public Task SaveAsync(IReadOnlyList<BudgetState> states, CancellationToken cancellationToken) => _table.SaveAsync(states, [], cancellationToken);

    [JsonSerializable(typeof(BudgetState))]
    private sealed partial class StateJson : JsonSerializerContext;
}
