using System.Text.Json;
using System.Text.Json.Serialization;
using Dapper;
using FuncLimiter.Core.Spending;
using FuncLimiter.Gateway.Calls.Spending;

namespace FuncLimiter.Server.Storage;

/// <summary>Keeps what is spent of budgets.</summary>
public sealed partial class SpendStore(Database database) : ISpendStore
{
    /// <inheritdoc/>
    public IReadOnlyList<SpendState> Load() => database.ReadAsync<IReadOnlyList<SpendState>>((connection, transaction) =>
    [
        .. connection.Query<byte[]>("SELECT state FROM spending", transaction: transaction)
            .Select(state => JsonSerializer.Deserialize(state, SpendJson.Default.SpendState)!),
    ]).GetAwaiter().GetResult();

    /// <inheritdoc/>
    public Task SaveAsync(IReadOnlyList<SpendState> states, IReadOnlyList<string> over)
    {
        var rows = states.Select(state => (state.Name, State: JsonSerializer.SerializeToUtf8Bytes(state, SpendJson.Default.SpendState))).ToArray();
        return database.WriteAsync(
            (connection, transaction) =>
            {
                connection.Execute("DELETE FROM spending WHERE name = @name", over.Select(name => new { name }), transaction);
                return connection.Execute(
                    "INSERT INTO spending (name, state) VALUES (@Name, @State) ON CONFLICT (name) DO UPDATE SET state = excluded.state",
                    rows.Select(row => new { row.Name, row.State }),
                    transaction);
            },
            durable: true);
    }

    [JsonSerializable(typeof(SpendState))]
    private sealed partial class SpendJson : JsonSerializerContext;
}
