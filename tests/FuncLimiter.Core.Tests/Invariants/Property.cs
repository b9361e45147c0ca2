using FsCheck;
using FsCheck.Fluent;
using Microsoft.FSharp.Core;

namespace FuncLimiter.Core.Tests.Invariants;

/// <summary>
/// Runs a property over thousands of random cases, always the same ones unless <c>FUNCLIMITER_SEED</c> names another seed;
/// <c>FUNCLIMITER_CASES</c> multiplies their number. A failure shows the shortest history found, and the seed.
/// </summary>
internal static class Property
{
    private static readonly ulong Seed = Number("FUNCLIMITER_SEED", 20260101);
    private static readonly int Times = (int)Number("FUNCLIMITER_CASES", 1);

    /// <summary>Asserts that a property holds in so many cases.</summary>
    public static void Holds<T>(Arbitrary<T> cases, Action<T> property, int count) =>
        Check.One(ConfigOf(count * Times), Prop.ForAll(cases, property));

    /// <summary>Asserts that some case within so many violates a property: by a violation, not by an accident.</summary>
    public static void Fails<T>(Arbitrary<T> cases, Action<T> property, int count)
    {
        Violation? found = null;
        var error = Record.Exception(() => Check.One(ConfigOf(count), Prop.ForAll(Arb.From(cases.Generator), (T example) =>
        {
            try
            {
                property(example);
            }
            catch (Violation violation)
            {
                found = violation;
                throw;
            }
        })));

        Assert.True(error is not null, $"{count} cases, and the broken limiter was not noticed.");
        Assert.True(found is not null, $"Not a violation but an accident: {error}");
    }

    private static ulong Number(string variable, ulong otherwise) =>
        ulong.TryParse(Environment.GetEnvironmentVariable(variable), out var number) ? number : otherwise;

    private static Config ConfigOf(int count) => Config.QuickThrowOnFailure
        .WithMaxTest(count)
        .WithQuietOnSuccess(true)
        .WithReplay(FSharpOption<Replay>.Some(new(new Rnd(Seed), FSharpOption<int>.None)));
}
