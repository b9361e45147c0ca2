using FsCheck;
using FsCheck.Fluent;

namespace FuncLimiter.Providers.Tests.Properties;

/// <summary>Runs a property over a thousand generated cases; the failing one is shrunk and shown with its seed.</summary>
internal static class Check
{
    public static void ForAll<T>(Gen<T> cases, Func<T, bool> holds) =>
        FsCheck.Check.One(Config.QuickThrowOnFailure.WithMaxTest(1000), Prop.ForAll(cases.ToArbitrary(), holds));
}
