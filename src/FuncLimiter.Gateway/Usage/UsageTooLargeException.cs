namespace FuncLimiter.Gateway.Usage;

/// <summary>A question takes more rows than may be read for one.</summary>
public sealed class UsageTooLargeException : Exception
{
    /// <summary>Says how many rows may be read.</summary>
    public UsageTooLargeException(int most)
        : base($"The question takes more than {most} rows of the ledger. Ask for a shorter time, for days, or for one tenant.")
    {
    }
}
