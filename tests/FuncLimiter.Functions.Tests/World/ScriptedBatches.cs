using System.Runtime.CompilerServices;
using System.Text;
using FuncLimiter.Functions.Tests.Harness;
using FuncLimiter.Providers.Batches;
using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Functions.Tests.World;

/// <summary>A batch service, shared by all processes: it answers the even calls after a while.</summary>
internal sealed class BatchService
{
    /// <summary>When each batch was made, by its job.</summary>
    public List<(string Job, DateTimeOffset At, int Calls)> Made { get; } = [];

    public bool Refuses { get; set; }

    public TimeSpan Takes { get; set; } = TimeSpan.FromHours(3);

    public int Cancelled { get; set; }
}

/// <summary>The batch service as one process reaches it.</summary>
internal sealed class ScriptedBatches(BatchService service, SimulatedTime time, Func<Task> pass) : ProviderBatches
{
    public override int MostCalls => 50_000;

    public override long MostBytes => 200_000_000;

    public override bool Takes(Operation operation) => operation is Operation.ChatCompletions or Operation.Responses or Operation.Embeddings;

    public override async Task<string?> FindAsync(BatchAccount account, string job, CancellationToken cancellationToken)
    {
        await pass();
        return service.Made.Any(made => made.Job == job) ? job : null;
    }

    public override async Task<BatchHandIn> SubmitAsync(
        BatchAccount account, string job, Operation operation, IReadOnlyList<BatchCall> calls, CancellationToken cancellationToken)
    {
        await pass();
        if (service.Refuses)
        {
            return BatchHandIn.Never("no");
        }

        service.Made.Add((job, time.GetUtcNow(), calls.Count));
        await pass();
        return BatchHandIn.Taken(job);
    }

    public override async Task<bool> IsOverAsync(BatchAccount account, string batch, CancellationToken cancellationToken)
    {
        await pass();
        return time.GetUtcNow() - service.Made.Single(made => made.Job == batch).At >= service.Takes;
    }

    public override async IAsyncEnumerable<BatchAnswer> FetchAsync(
        BatchAccount account, string batch, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await pass();
        var made = service.Made.Single(made => made.Job == batch);
        for (var index = 0; index < made.Calls && time.GetUtcNow() - made.At >= service.Takes; index++)
        {
            yield return new BatchAnswer(index, index % 2 == 0 ? 200 : 500, Encoding.UTF8.GetBytes("{\"from\":\"batch\",\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2}}"));
        }
    }

    public override async Task CancelAsync(BatchAccount account, string batch, CancellationToken cancellationToken)
    {
        await pass();
        service.Cancelled++;
    }
}
