using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Pacing;

/// <summary>Calls collected for one deployment's batch service.</summary>
/// <param name="Calls">How many.</param>
/// <param name="Bytes">The bytes of their bodies.</param>
/// <param name="Since">When the first of them came.</param>
/// <param name="FirstDeadline">The earliest of their deadlines.</param>
public readonly record struct BatchPile(int Calls, long Bytes, Instant Since, Instant FirstDeadline);

/// <summary>What to do with a pile.</summary>
public enum BatchMove
{
    /// <summary>Leave it to grow.</summary>
    Collect,

    /// <summary>Make a batch of as many of its calls as one may hold.</summary>
    Submit,

    /// <summary>Give its calls back, to be made as others are.</summary>
    GiveBack,
}

/// <summary>What to do with a batch that a provider has.</summary>
public enum BatchStep
{
    /// <summary>Look at it again at its time.</summary>
    Follow,

    /// <summary>Fetch its answers; what it did not answer is made as other calls are.</summary>
    Fetch,

    /// <summary>Give it up, since deadlines near; what it has answered until it is over is still fetched.</summary>
    Cancel,

    /// <summary>Give its calls back without waiting for it any longer.</summary>
    TakeBack,
}
