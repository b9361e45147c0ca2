using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Gateway.Batches;

/// <summary>Calls that can be in one batch: of one deployment, asking the same of it.</summary>
/// <param name="Deployment">The deployment, as <c>account/model</c>.</param>
/// <param name="Operation">What is asked.</param>
public sealed record BatchLane(string Deployment, Operation Operation)
{
    /// <summary>Reads what <see cref="ToString"/> wrote; null for anything else.</summary>
    public static BatchLane? Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.IndexOf(' ', StringComparison.Ordinal) is > 0 and var end && Enum.TryParse(text.AsSpan(0, end), out Operation operation)
            ? new BatchLane(text[(end + 1)..], operation)
            : null;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Operation} {Deployment}";
}
