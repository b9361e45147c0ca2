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

/// <summary>What classes allow.</summary>
public static class Priorities
{
    /// <summary>The class of work that claims one and may have at most another.</summary>
    /// <param name="claimed">What it claims.</param>
    /// <param name="highest">The highest that it may have.</param>
    public static Priority AtMost(this Priority claimed, Priority highest) => claimed < highest ? highest : claimed;
}
