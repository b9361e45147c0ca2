using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Serialization;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Jobs;

namespace FuncLimiter.Functions.Storage;

/// <summary>
/// Keeps what a job's calls ask, all of them in one payload: offsets first, so that any one call is read by itself however many there are.
/// </summary>
internal sealed partial class JobArchive(IPayloads payloads)
{
    private const int OffsetBytes = sizeof(long);

    /// <summary>Keeps a job's calls.</summary>
    public Task WriteAsync(string job, IReadOnlyList<(JobCall Call, DateTimeOffset Deadline)> items, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        body.SetLength((items.Count + 1) * OffsetBytes);
        body.Position = body.Length;
        Span<byte> offset = stackalloc byte[OffsetBytes];
        for (var index = 0; index < items.Count; index++)
        {
            var start = body.Position;
            JsonSerializer.Serialize(body, StoredCall.Of(items[index].Call, items[index].Deadline), CallJson.Default.StoredCall);
            var end = body.Position;
            WriteOffset(body, index, start, offset);
            WriteOffset(body, index + 1, end, offset);
            body.Position = end;
        }

        return payloads.WriteAsync(Name(job), body.ToArray(), cancellationToken);
    }

    /// <summary>Reads one call; null where the job's calls are not kept any more.</summary>
    public async Task<(JobCall Call, DateTimeOffset Deadline)?> ReadAsync(string job, int index, CancellationToken cancellationToken)
    {
        if (await payloads.ReadAsync(Name(job), index * OffsetBytes, 2 * OffsetBytes, cancellationToken) is not { Length: 2 * OffsetBytes } bounds)
        {
            return null;
        }

        var start = BinaryPrimitives.ReadInt64LittleEndian(bounds.Span);
        var end = BinaryPrimitives.ReadInt64LittleEndian(bounds.Span[OffsetBytes..]);
        return await payloads.ReadAsync(Name(job), start, end - start, cancellationToken) is { } stored
            ? JsonSerializer.Deserialize(stored.Span, CallJson.Default.StoredCall)!.ToCall()
            : null;
    }

    /// <summary>Forgets a job's calls.</summary>
    public Task DeleteAsync(string job, CancellationToken cancellationToken) => payloads.DeleteAsync(Name(job), cancellationToken);

    private static string Name(string job) => $"{job}/calls";

    private static void WriteOffset(MemoryStream body, int index, long value, Span<byte> bytes)
    {
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        body.Position = index * OffsetBytes;
        body.Write(bytes);
    }

    private sealed record StoredCall(
        string Path, byte[] Body, Priority Priority, string? User, string? Workflow, string? Step, string? Run, string[][] Headers, DateTimeOffset Deadline,
        Diversion? Tier = null)
    {
        public static StoredCall Of(JobCall call, DateTimeOffset deadline) => new(
            call.Path, call.Body.ToArray(), call.Priority, call.User, call.Workflow, call.Step, call.Run,
            [.. call.Headers.Select(header => new[] { header.Key, header.Value })], deadline, call.Tier);

        public (JobCall Call, DateTimeOffset Deadline) ToCall() => (
            new JobCall(Path, Body, Priority)
            {
                User = User,
                Workflow = Workflow,
                Step = Step,
                Run = Run,
                Tier = Tier,
                Headers = [.. Headers.Select(pair => KeyValuePair.Create(pair[0], pair[1]))],
            },
            Deadline);
    }

    [JsonSerializable(typeof(StoredCall))]
    private sealed partial class CallJson : JsonSerializerContext;
}
