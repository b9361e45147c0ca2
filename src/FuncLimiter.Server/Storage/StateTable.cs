using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Dapper;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Spending;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Calls.Spending;

namespace FuncLimiter.Server.Storage;

/// <summary>A table of states, each under its name.</summary>
/// <param name="type">How a state is written.</param>
/// <param name="nameOf">A state's name.</param>
internal sealed class StateTable<T>(Database database, string table, JsonTypeInfo<T> type, Func<T, string> nameOf)
{
    private readonly string _save = $"INSERT INTO {table} (name, state) VALUES (@name, @state) ON CONFLICT (name) DO UPDATE SET state = excluded.state";

    /// <summary>Reads all of them.</summary>
    public IReadOnlyList<T> Load() => database.ReadAsync<IReadOnlyList<T>>((connection, transaction) =>
    [
        .. connection.Query<byte[]>($"SELECT state FROM {table}", transaction: transaction).Select(state => JsonSerializer.Deserialize(state, type)!),
    ]).GetAwaiter().GetResult();

    /// <summary>Writes some and forgets others; done means that a power cut no longer undoes it.</summary>
    /// <param name="states">Those to write.</param>
    /// <param name="gone">The names of those to forget.</param>
    /// <param name="cancellationToken">Gives up waiting; the change may be made all the same.</param>
    public Task SaveAsync(IReadOnlyList<T> states, IReadOnlyList<string> gone, CancellationToken cancellationToken)
    {
        var rows = states.Select(state => new { name = nameOf(state), state = JsonSerializer.SerializeToUtf8Bytes(state, type) }).ToArray();
        return database.WriteAsync(
            (connection, transaction) =>
            {
                connection.Execute($"DELETE FROM {table} WHERE name = @name", gone.Select(name => new { name }), transaction);
                return connection.Execute(_save, rows, transaction);
            },
            durable: true,
            cancellationToken);
    }
}

/// <summary>Keeps the budgets' durable part.</summary>
internal sealed partial class BudgetStore(Database database) : IBudgetStore
{
    private readonly StateTable<BudgetState> _table = new(database, "budgets", StateJson.Default.BudgetState, static state => state.Name);

    /// <inheritdoc/>
    public IReadOnlyList<BudgetState> Load() => _table.Load();

    /// <inheritdoc/>
    public Task SaveAsync(IReadOnlyList<BudgetState> states, CancellationToken cancellationToken) => _table.SaveAsync(states, [], cancellationToken);

    [JsonSerializable(typeof(BudgetState))]
    private sealed partial class StateJson : JsonSerializerContext;
}

/// <summary>Keeps what is spent of budgets.</summary>
internal sealed partial class SpendStore(Database database) : ISpendStore
{
    private readonly StateTable<SpendState> _table = new(database, "spending", SpendJson.Default.SpendState, static state => state.Name);

    /// <inheritdoc/>
    public IReadOnlyList<SpendState> Load() => _table.Load();

    /// <inheritdoc/>
    public Task SaveAsync(IReadOnlyList<SpendState> states, IReadOnlyList<string> over) => _table.SaveAsync(states, over, CancellationToken.None);

    [JsonSerializable(typeof(SpendState))]
    private sealed partial class SpendJson : JsonSerializerContext;
}
