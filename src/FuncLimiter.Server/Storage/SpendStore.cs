using System.Text.Json.Serialization;
using FuncLimiter.Core.Spending;
using FuncLimiter.Gateway.Calls.Spending;

namespace FuncLimiter.Server.Storage;

/// <summary>Keeps what is spent of budgets.</summary>
public sealed partial class SpendStore(Database database) : ISpendStore
{
    private readonly StateTable<SpendState> _table = new(database, "spending", SpendJson.Default.SpendState, static state => state.Name);

    /// <inheritdoc/>
    public IReadOnlyList<SpendState> Load() => _table.Load();

    /// <inheritdoc/>
    public Task SaveAsync(IReadOnlyList<SpendState> states, IReadOnlyList<string> over) => _table.SaveAsync(states, over, CancellationToken.None);

    [JsonSerializable(typeof(SpendState))]
    private sealed partial class SpendJson : JsonSerializerContext;
}
