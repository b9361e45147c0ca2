namespace FuncLimiter.Core.Scheduling;

/// <summary>Who goes first. A higher class goes before a lower one, which keeps its configured floor.</summary>
public enum Priority
{
    /// <summary>A person waits for the answer.</summary>
    Interactive,

    /// <summary>The usual.</summary>
    Standard,

    /// <summary>Work that can wait.</summary>
    Background,
}
