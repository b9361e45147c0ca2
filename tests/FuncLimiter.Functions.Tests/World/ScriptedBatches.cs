using System.Runtime.CompilerServices;
using System.Text;
using FuncLimiter.Functions.Batches;
using FuncLimiter.Functions.Tests.Harness;
using FuncLimiter.Gateway.Jobs.Batches;
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
internal sealed class ScriptedBatches(BatchService service, SimulatedTime time, Func<Task> pass) : IProviderBatches
{
    public async Task<string?> FindAsync(BatchOffer offer, string job, CancellationToken cancellationToken)
    {
        await pass();
        return service.Made.Any(made => made.Job == job) ? job : null;
    }

    public async Task<BatchHandIn> SubmitAsync(
        BatchOffer offer, string job, Operation operation, IReadOnlyList<BatchCall> calls, CancellationToken cancellationToken)
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

    public async Task<bool> IsOverAsync(BatchOffer offer, string batch, CancellationToken cancellationToken)
    {
        await pass();
        return time.GetUtcNow() - service.Made.Single(made => made.Job == batch).At >= service.Takes;
    }

    public async IAsyncEnumerable<BatchAnswer> FetchAsync(
        BatchOffer offer, string batch, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await pass();
        var made = service.Made.Single(made => made.Job == batch);
        for (var index = 0; index < made.Calls && time.GetUtcNow() - made.At >= service.Takes; index++)
        {
            yield return new BatchAnswer(index, index % 2 == 0 ? 200 : 500, Encoding.UTF8.GetBytes("{\"from\":\"batch\",\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2}}"));
        }
    }

    public async Task CancelAsync(BatchOffer offer, string batch, CancellationToken cancellationToken)
    {
        await pass();
        service.Cancelled++;
    }
}
