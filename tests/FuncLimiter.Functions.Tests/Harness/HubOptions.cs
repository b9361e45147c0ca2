namespace FuncLimiter.Functions.Tests.Harness;

/// <summary>How the backend behaves.</summary>
public sealed record HubOptions
{
    /// <summary>What every chance is drawn from.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>How many processes run.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>How many activities a process runs at once; others wait.</summary>
    public int ActivitiesAtOnce { get; init; } = int.MaxValue;

    /// <summary>The longest that a message is under way; each takes a random part of it.</summary>
    public TimeSpan Delay { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The longest that a message to an entity is under way.</summary>
    public TimeSpan EntityDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>How often a message is delivered once more, 0 to 1.</summary>
    public double Redelivery { get; init; }

    /// <summary>
    /// How often an episode is run by two processes at once, 0 to 1, as while a partition changes hands: the loser's history is dropped, and
    /// what it asked for is under way, numbered like the winner's.
    /// </summary>
    public double TwoAtOnce { get; init; }

    /// <summary>After how long a message whose worker died is delivered again.</summary>
    public TimeSpan VisibilityTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The step at which the process that carries it out dies; null for none.</summary>
    public int? CrashAtStep { get; init; }

    /// <summary>Whether the crash comes after the step's result was kept, or just before.</summary>
    public bool CrashAfterCommit { get; init; }
}
