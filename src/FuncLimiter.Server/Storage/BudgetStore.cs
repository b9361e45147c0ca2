using System.Text.Json;
using System.Text.Json.Serialization;
using Dapper;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Calls.Admission;

namespace FuncLimiter.Server.Storage;

/// <summary>Keeps the budgets' durable part.</summary>
public sealed partial class BudgetStore(Database database) : IBudgetStore
{
    /// <inheritdoc/>
    public IReadOnlyList<BudgetState> Load() => database.ReadAsync<IReadOnlyList<BudgetState>>((connection, transaction) =>
    [
        .. connection.Query<byte[]>("SELECT state FROM budgets", transaction: transaction)
            .Select(state => JsonSerializer.Deserialize(state, StateJson.Default.BudgetState)!),
    ]).GetAwaiter().GetResult();

    /// <inheritdoc/>
    public Task SaveAsync(IReadOnlyList<BudgetState> states, CancellationToken cancellationToken)
    {
        var rows = states.Select(state => (state.Name, State: JsonSerializer.SerializeToUtf8Bytes(state, StateJson.Default.BudgetState))).ToArray();
        return database.WriteAsync(
            (connection, transaction) =>
            {
                using var command = connection.CreateCommand();
                command.Transaction = transaction;
                command.CommandText = "INSERT INTO budgets (name, state) VALUES (@name, @state) ON CONFLICT (name) DO UPDATE SET state = excluded.state";
                var name = command.Parameters.Add("@name", Microsoft.Data.Sqlite.SqliteType.Text);
                var state = command.Parameters.Add("@state", Microsoft.Data.Sqlite.SqliteType.Blob);
                foreach (var row in rows)
                {
                    (name.Value, state.Value) = (row.Name, row.State);
                    command.ExecuteNonQuery();
                }

                return rows.Length;
            },
            durable: true,
            cancellationToken);
    }

    [JsonSerializable(typeof(BudgetState))]
    private sealed partial class StateJson : JsonSerializerContext;
}
