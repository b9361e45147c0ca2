namespace FuncLimiter.Client;

/// <summary>How urgent a call is. FuncLimiter serves a higher class first; each class has a floor.</summary>
public enum CallPriority
{
    /// <summary>A person waits for the answer.</summary>
    Interactive,

    /// <summary>A program waits for the answer.</summary>
    Standard,

    /// <summary>Nobody waits for the answer.</summary>
    Background,
}

/// <summary>
/// What FuncLimiter is told of a call beside its body: how urgent it is, for whom it is made, and how long it may wait. A member that is null
/// is not told, and the tenant's setting holds.
/// </summary>
public sealed record CallTags
{
    private static readonly AsyncLocal<CallTags?> Ambient = new();

    /// <summary>How urgent the call is; sent as <c>X-Priority</c>.</summary>
    public CallPriority? Priority { get; init; }

    /// <summary>The user for whom it is made; sent as <c>X-User</c>.</summary>
    public string? User { get; init; }

    /// <summary>The workflow that it is a part of; sent as <c>X-Workflow</c>.</summary>
    public string? Workflow { get; init; }

    /// <summary>The workflow's step; sent as <c>X-Step</c>.</summary>
    public string? Step { get; init; }

    /// <summary>The workflow's run; sent as <c>X-Run</c>.</summary>
    public string? Run { get; init; }

    /// <summary>The longest that the call may wait for room, in whole seconds, at least 0; sent as <c>Prefer: wait=N</c>.</summary>
    public TimeSpan? MaxWait { get; init; }

    /// <summary>The tags that hold for what this flow of execution calls now.</summary>
    public static CallTags Current => Ambient.Value ?? Empty;

    private static CallTags Empty { get; } = new();

    /// <summary>
    /// Sets tags for all calls that this flow of execution makes until the scope is disposed of. Members that are null are those of the scope
    /// around it.
    /// </summary>
    /// <param name="tags">The tags.</param>
    /// <returns>The scope; dispose of it where it was begun.</returns>
    public static IDisposable Begin(CallTags tags)
    {
        ArgumentNullException.ThrowIfNull(tags);
        var scope = new Scope(Ambient.Value);
        Ambient.Value = tags.Over(Current);
        return scope;
    }

    /// <summary>These tags, with another's where a member is null.</summary>
    internal CallTags Over(CallTags other) => new()
    {
        Priority = Priority ?? other.Priority,
        User = User ?? other.User,
        Workflow = Workflow ?? other.Workflow,
        Step = Step ?? other.Step,
        Run = Run ?? other.Run,
        MaxWait = MaxWait ?? other.MaxWait,
    };

    private sealed class Scope(CallTags? before) : IDisposable
    {
        public void Dispose() => Ambient.Value = before;
    }
}
