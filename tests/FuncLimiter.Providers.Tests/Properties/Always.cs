using FsCheck;
using FsCheck.Fluent;

namespace FuncLimiter.Providers.Tests.Properties;

/// <summary>Runs a property over a thousand generated cases; the failing one is shrunk and shown with its seed.</summary>
internal static class Always
{
    public static void Holds<T>(Gen<T> cases, Func<T, bool> property) =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(1000), Prop.ForAll(cases.ToArbitrary(), property));
}
