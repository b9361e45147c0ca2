using System.Text.Json.Nodes;
using Azure.Data.Tables;
using FuncLimiter.Functions.EndToEnd.Tests.Hosting;
using FuncLimiter.Server.Tests.Http;
using FuncLimiter.Server.Tests.Processes;

namespace FuncLimiter.Functions.EndToEnd.Tests.Outages;

/// <summary>A version of the app finds what an earlier one left in the task hub.</summary>
public sealed class UpgradeTests
{
    private const string Execution = "82ecef00cae64f7b9c44281957588c93";

    [EndToEndTheory]
    [InlineData("entity-state-1.json")]
    public async Task Entity_WhoseStateAnEarlierVersionWrote_GoesOn(string file)
    {
        await using var setup = await AppSetup.CreateAsync(new Setup());
        var written = DateTimeOffset.UtcNow;
        var entity = await LeaveBehindAsync(setup.Storage, file, written);
        await using var app = await setup.StartAsync();

        var reply = await app.Client.PostAsync(DialectCall.OpenAI.Path, DialectCall.OpenAI.Body(), ("x-api-key", Setup.AcmeKey));

        Assert.True(reply.Status == 200, reply.Text);
        Assert.DoesNotContain("BudgetEntity failed", app.Output, StringComparison.OrdinalIgnoreCase);
        var instances = new TableClient(setup.Storage, "FuncLimiterInstances");
        TableEntity row;
        do
        {
            row = await instances.GetEntityAsync<TableEntity>(entity, "");
            Assert.True(DateTimeOffset.UtcNow - written < AppProcess.Longest, "The entity's state was not written again.");
        }
        while (row.GetDateTimeOffset("LastUpdatedTime") <= written);
    }

    /// <summary>Writes an entity as the Durable extension keeps it in Azure Storage: the history of its last turn, and the row that clients read.</summary>
    private static async Task<string> LeaveBehindAsync(string storage, string file, DateTimeOffset time)
    {
        var fixture = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "Fixtures", file)))!;
        var (entity, input) = ((string)fixture["entity"]!, fixture["input"]!.ToJsonString());
        var tables = new TableServiceClient(storage);
        TableClient history = tables.GetTableClient("FuncLimiterHistory"), instances = tables.GetTableClient("FuncLimiterInstances");
        await history.CreateIfNotExistsAsync();
        await instances.CreateIfNotExistsAsync();
        await history.AddEntityAsync(Event("0000000000000000", "OrchestratorStarted"));
        var started = Event("0000000000000001", "ExecutionStarted");
        foreach (var (name, value) in new Dictionary<string, object>
        {
            ["Name"] = entity,
            ["Version"] = "",
            ["Input"] = input,
            ["ParentInstance"] = "null",
            ["Tags"] = "null",
            ["ParentTraceContext"] = "null",
            ["GenerateNewTrace"] = false,
            ["OrchestrationInstance"] = $$"""{"InstanceId":"{{entity}}","ExecutionId":"{{Execution}}"}""",
        })
        {
            started[name] = value;
        }

        await history.AddEntityAsync(started);
        await history.AddEntityAsync(Event("0000000000000002", "OrchestratorCompleted"));
        await history.AddEntityAsync(new TableEntity(entity, "sentinel")
        {
            ["ExecutionId"] = Execution,
            ["IsCheckpointComplete"] = true,
            ["CheckpointCompletedTimestamp"] = time,
        });
        await instances.AddEntityAsync(new TableEntity(entity, "")
        {
            ["ExecutionId"] = Execution,
            ["Name"] = entity,
            ["Version"] = "",
            ["Input"] = input,
            ["CustomStatus"] = """{"entityExists":true}""",
            ["RuntimeStatus"] = "Running",
            ["TaskHubName"] = "FuncLimiter",
            ["ParentInstanceId"] = "",
            ["Tags"] = "null",
            ["CreatedTime"] = time,
            ["LastUpdatedTime"] = time,
        });
        return entity;

        TableEntity Event(string row, string type) => new(entity, row)
        {
            ["EventId"] = -1,
            ["IsPlayed"] = false,
            ["_Timestamp"] = time,
            ["EventType"] = type,
            ["ExecutionId"] = Execution,
        };
    }
}
