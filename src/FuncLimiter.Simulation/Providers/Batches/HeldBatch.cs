namespace FuncLimiter.Simulation.Providers.Batches;

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
