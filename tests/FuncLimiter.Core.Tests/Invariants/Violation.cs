namespace FuncLimiter.Core.Tests.Invariants;

/// <summary>An invariant that did not hold. Everything else that a property throws is a fault of the test or a crash of the limiter.</summary>
internal sealed class Violation(string what) : Exception(what)
{
    public static void Unless(bool holds, Func<string> what)
    {
        if (!holds)
        {
            throw new Violation(what());
        }
    }
}
