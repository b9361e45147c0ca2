namespace FuncLimiter.Core.Pacing;

/// <summary>By what a reservation is settled.</summary>
public enum SettlementBasis
{
    /// <summary>By the provider's answer: its usage, or what its failure costs.</summary>
    Response,

    /// <summary>The attempt was cut: by what was streamed, else as reserved.</summary>
    Interrupted,

    /// <summary>The provider was not called: everything is given back.</summary>
    NotCalled,
}
