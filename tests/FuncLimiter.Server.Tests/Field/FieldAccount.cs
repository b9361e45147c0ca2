using System.Collections.Concurrent;

namespace FuncLimiter.Server.Tests.Field;

/// <summary>One account at the provider: its key, what it answers, and what it was asked.</summary>
/// <param name="id">Its name in the configuration.</param>
/// <param name="letter">What it calls itself in its answers: <c>A</c> or <c>B</c>.</param>
internal sealed class FieldAccount(string id, char letter)
{
    private readonly ConcurrentQueue<FieldRequest> _requests = new();
    private int _count;

    /// <summary>Its name in the configuration.</summary>
    public string Id => id;

    /// <summary>What it calls itself in its answers.</summary>
    public char Letter => letter;

    /// <summary>Its key.</summary>
    public string Key => $"sk-{id}";

    /// <summary>How it answers.</summary>
    public FieldAnswer Answer { get; set; } = FieldAnswers.Whole();

    /// <summary>What it was asked so far.</summary>
    public IReadOnlyList<FieldRequest> Requests => [.. _requests];

    /// <summary>The next request's number.</summary>
    public int Next() => Interlocked.Increment(ref _count) - 1;

    /// <summary>Keeps a request.</summary>
    public void Keep(FieldRequest request) => _requests.Enqueue(request);
}
