using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace FuncLimiter.Core.Budgets;

/// <summary>What one call costs a budget, by dimension. Zero where a dimension is not touched.</summary>
/// <param name="Requests">Calls, usually 1.</param>
/// <param name="Tokens">Tokens, input and output together, by the provider's own rule.</param>
/// <param name="InputTokens">Input tokens, by the provider's own rule.</param>
/// <param name="OutputTokens">Output tokens.</param>
/// <param name="Concurrent">Places among the calls under way, usually 1 while it runs and 0 afterwards.</param>
/// <param name="Cost">Money, in billionths of a US dollar.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct Charge(long Requests, long Tokens, long InputTokens, long OutputTokens, long Concurrent, long Cost = 0)
{
    /// <summary>Costs nothing.</summary>
    public static readonly Charge None;

    private const int Size = 6;

    /// <summary>The amount of one dimension.</summary>
    /// <remarks>Read by place: the amounts stand in the order of <see cref="Dimension"/>, and this is asked for at every meter of every call.</remarks>
    public long this[Dimension dimension] => MemoryMarshal.CreateReadOnlySpan(in Unsafe.As<Charge, long>(ref Unsafe.AsRef(in this)), Size)[(int)dimension];

    /// <summary>
    /// The part of a foreseen amount that is held of a limit: no more than the whole, as long as what is certain of it fits the whole.
    /// </summary>
    internal static double Clip(long foreseen, long certain, double capacity) =>
        foreseen > capacity && certain <= capacity ? Math.Max(1, Math.Floor(capacity)) : foreseen;

    /// <summary>The same charge with another amount of one dimension.</summary>
    internal Charge With(Dimension dimension, long amount) => dimension switch
    {
        Dimension.Requests => this with { Requests = amount },
        Dimension.Tokens => this with { Tokens = amount },
        Dimension.InputTokens => this with { InputTokens = amount },
        Dimension.OutputTokens => this with { OutputTokens = amount },
        Dimension.Concurrent => this with { Concurrent = amount },
        _ => this with { Cost = amount },
    };

    /// <summary>The sum, dimension by dimension.</summary>
    public static Charge operator +(in Charge left, in Charge right) => new(
        left.Requests + right.Requests,
        left.Tokens + right.Tokens,
        left.InputTokens + right.InputTokens,
        left.OutputTokens + right.OutputTokens,
        left.Concurrent + right.Concurrent,
        left.Cost + right.Cost);

    /// <summary>The difference, dimension by dimension; may be negative.</summary>
    public static Charge operator -(in Charge left, in Charge right) => new(
        left.Requests - right.Requests,
        left.Tokens - right.Tokens,
        left.InputTokens - right.InputTokens,
        left.OutputTokens - right.OutputTokens,
        left.Concurrent - right.Concurrent,
        left.Cost - right.Cost);
}
