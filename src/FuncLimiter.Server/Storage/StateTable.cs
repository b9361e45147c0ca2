using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Dapper;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Spending;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Calls.Spending;
using Microsoft.Data.Sqlite;

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
        var write = Saving(states, gone);
        return database.WriteAsync(
            (connection, transaction) =>
            {
                write(connection, transaction);
                return states.Count;
            },
            durable: true,
            cancellationToken);
    }

    /// <summary>The same, as a part of a change.</summary>
    public Action<SqliteConnection, SqliteTransaction> Saving(IReadOnlyList<T> states, IReadOnlyList<string> gone)
    {
        var rows = states.Select(state => new { name = nameOf(state), state = JsonSerializer.SerializeToUtf8Bytes(state, type) }).ToArray();
        return (connection, transaction) =>
        {
            connection.Execute($"DELETE FROM {table} WHERE name = @name", gone.Select(name => new { name }), transaction);
            connection.Execute(_save, rows, transaction);
        };
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
    private readonly StateTable<SpendDeposit> _deposits = new(
        database, "spend_deposits", SpendJson.Default.SpendDeposit, static deposit => NameOf(deposit.Owner, deposit.Place));

    /// <inheritdoc/>
    public IReadOnlyList<SpendState> Load() => _table.Load();

    /// <inheritdoc/>
    public IReadOnlyList<SpendDeposit> LoadDeposits() => _deposits.Load();

    /// <inheritdoc/>
    public Task SaveAsync(SpendChanges changes)
    {
        ArgumentNullException.ThrowIfNull(changes);
        var states = _table.Saving(changes.States, changes.Over);
        var deposits = _deposits.Saving(changes.Deposits, [.. changes.Ended.Select(static ended => NameOf(ended.Owner, ended.Place))]);
        return database.WriteAsync(
            (connection, transaction) =>
            {
                states(connection, transaction);
                deposits(connection, transaction);
                return changes.States.Count;
            },
            durable: true);
    }

    private static string NameOf(string owner, int place) => string.Create(CultureInfo.InvariantCulture, $"{owner}/{place}");

    [JsonSerializable(typeof(SpendState))]
    [JsonSerializable(typeof(SpendDeposit))]
    private sealed partial class SpendJson : JsonSerializerContext;
}
