using System.Diagnostics.CodeAnalysis;
using FuncLimiter.Gateway.Errors;

namespace FuncLimiter.Gateway.Jobs;

/// <summary>A job's id, or why it was not taken.</summary>
public sealed class JobAcceptance
{
    internal JobAcceptance(string id, bool isReplay) => (Id, IsReplay) = (id, isReplay);

    internal JobAcceptance(GatewayError error) => Error = error;

    /// <summary>The stored job's id; null where it was not taken.</summary>
    public string? Id { get; }

    /// <summary>True where the same was taken before, under the same idempotency key.</summary>
    public bool IsReplay { get; }

    /// <summary>Why it was not taken; null where it was.</summary>
    public GatewayError? Error { get; }

    /// <summary>True where the job is stored: it ends in exactly one outcome from now on.</summary>
    [MemberNotNullWhen(true, nameof(Id))]
    [MemberNotNullWhen(false, nameof(Error))]
    public bool IsAccepted => Id is not null;
}
