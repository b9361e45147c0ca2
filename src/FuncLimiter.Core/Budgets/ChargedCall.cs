namespace FuncLimiter.Core.Budgets;

/// <summary>A call as its books need it.</summary>
/// <param name="documented">Its charge when it leaves, by the documented rule.</param>
/// <param name="size">What its tokens are made of.</param>
/// <param name="isTrusted">False where its size is a tenant's word, or not known: then nothing is learned beside it.</param>
internal readonly ref struct ChargedCall(ref readonly Charge documented, CallSize size, bool isTrusted)
{
    // A reference: this is made anew at each step of every call.
    private readonly ref readonly Charge documented = ref documented;

    /// <summary>Its charge when it leaves, by the documented rule.</summary>
    public ref readonly Charge Documented => ref documented;

    /// <summary>What its tokens are made of.</summary>
    public readonly CallSize Size = size;

    /// <summary>False where its size is a tenant's word, or not known: then nothing is learned beside it.</summary>
    public bool IsTrusted { get; } = isTrusted;
}

/// <summary>A call that left.</summary>
/// <param name="call">The call.</param>
/// <param name="takenAt">When it was let out: it may have left later.</param>
internal readonly ref struct SentCall(ChargedCall call, Instant takenAt)
{
    /// <summary>The call.</summary>
    public readonly ChargedCall Call = call;

    /// <summary>When it was let out: it may have left later.</summary>
    public Instant TakenAt { get; } = takenAt;
}
