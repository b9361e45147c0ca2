using System.Text.Json;
using FuncLimiter.Simulation.Providers.Answers;
using FuncLimiter.Simulation.Providers.Hosting;
using FuncLimiter.Simulation.Providers.Reports;
using FuncLimiter.Simulation.Providers.Requests;

namespace FuncLimiter.Simulation.Providers.Batches;

/// <summary>The files and batches of a double. Its limits are others than those of calls, which batches leave alone.</summary>
internal sealed class BatchDesk(BatchOptions options)
{
    private const int MostKept = 10_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, byte[]> _files = [];
    private readonly List<HeldBatch> _batches = [];
    private int _turnedAway;
    private int _lost;

    /// <summary>Keeps a file.</summary>
    public void Keep(string id, byte[] content)
    {
        lock (_gate)
        {
            _files[id] = content;
        }
    }

    /// <summary>A file; null where there is none.</summary>
    public byte[]? File(string id)
    {
        lock (_gate)
        {
            return _files.GetValueOrDefault(id);
        }
    }

    /// <summary>Whether the queue is full for now.</summary>
    public bool TurnsAway()
    {
        lock (_gate)
        {
            return _turnedAway < options.TurnsAway && _turnedAway++ >= 0;
        }
    }

    /// <summary>Whether the answer to its maker is lost.</summary>
    public bool LosesAnswer()
    {
        lock (_gate)
        {
            return _lost < options.LosesAnswers && _lost++ >= 0;
        }
    }

    /// <summary>Takes a batch.</summary>
    public void Add(HeldBatch batch)
    {
        lock (_gate)
        {
            if (_batches.Count < MostKept)
            {
                _batches.Add(batch);
            }
        }
    }

    /// <summary>When a batch that is made now is due.</summary>
    public double DueAt(double now) => now + options.Takes.TotalSeconds;

    /// <summary>A key's batch; null where it has none such.</summary>
    public HeldBatch? Find(string key, string id)
    {
        lock (_gate)
        {
            return _batches.Find(batch => batch.Id == id && batch.Key == key);
        }
    }

    /// <summary>A key's batches, the newest first, after one of them.</summary>
    public IReadOnlyList<HeldBatch> List(string key, string? after, int most)
    {
        lock (_gate)
        {
            var newest = Enumerable.Reverse(_batches).Where(batch => batch.Key == key);
            return [.. (after is null ? newest : newest.SkipWhile(batch => batch.Id != after).Skip(1)).Take(most)];
        }
    }

    /// <summary>Whether a batch ended with calls that it never came to.</summary>
    public bool Expires(HeldBatch batch) => options.ExpiresAfterCalls < batch.Lines.Count;

    /// <summary>What became of a line by now: answered, failed, or nothing.</summary>
    public bool? Outcome(HeldBatch batch, int place, double now) =>
        place >= batch.Done(now) || place >= options.ExpiresAfterCalls ? null : !options.FailedCalls.Contains(place);

    /// <summary>The body of a line's answer; null where it is no call that can be answered.</summary>
    public static byte[]? Answer(DoubleState state, ProviderDialect dialect, RequestOperation operation, HeldBatch batch, BatchLine line)
    {
        if (DoubleRequestReader.Read(line.Body, operation, dialect, out _) is not { } request || ModelOf(line.Body) is not { } model
            || state.Find(dialect, batch.Key, model) is not { } deployment)
        {
            return null;
        }

        var scratch = JsonScratch.Take();
        AnswerShapes.Of(state.Foresee(deployment.Options, request, $"{batch.Id}-{line.CustomId}"), dialect == ProviderDialect.Azure).Whole(scratch.Json);
        scratch.Json.Flush();
        return scratch.Written.ToArray();
    }

    /// <summary>What it has seen.</summary>
    public IReadOnlyList<BatchReport> Report(double now)
    {
        lock (_gate)
        {
            return
            [
                .. _batches.Select(batch => new BatchReport(
                    batch.Id,
                    batch.IsCancelled ? "cancelled" : batch.IsOver(now) ? Expires(batch) ? "expired" : "completed" : "in_progress",
                    batch.Lines.Count,
                    Enumerable.Range(0, batch.Lines.Count).Count(place => Outcome(batch, place, now) == true))),
            ];
        }
    }

    private static string? ModelOf(byte[] body)
    {
        using var json = JsonDocument.Parse(body);
        return json.RootElement.TryGetProperty("model", out var model) ? model.GetString() : null;
    }
}

/// <summary>One batch at the double. Guarded by the desk that has it.</summary>
internal sealed class HeldBatch(string id, string key, double madeAt, double dueAt, IReadOnlyList<BatchLine> lines)
{
    public string Id { get; } = id;

    public string Key { get; } = key;

    public double MadeAt { get; } = madeAt;

    public IReadOnlyList<BatchLine> Lines { get; } = lines;

    /// <summary>The metadata as it came, as JSON; null where none did.</summary>
    public string? Metadata { get; init; }

    /// <summary>The path that all lines ask, at OpenAI.</summary>
    public string Endpoint { get; init; } = "";

    public bool IsCancelled { get; private set; }

    public bool IsOver(double now) => IsCancelled || now >= dueAt;

    /// <summary>How many lines are answered, or failed, by now.</summary>
    public int Done(double now) => IsCancelled ? 0 : now >= dueAt ? Lines.Count : 0;

    public void Cancel(double now) => IsCancelled |= now < dueAt;
}

/// <summary>One call of a batch.</summary>
/// <param name="CustomId">Its maker's id for it.</param>
/// <param name="Body">The body.</param>
internal sealed record BatchLine(string CustomId, byte[] Body);
