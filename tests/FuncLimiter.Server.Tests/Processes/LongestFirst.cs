using Xunit.Abstractions;

namespace FuncLimiter.Server.Tests.Processes;

/// <summary>
/// Begins with the classes that say that they take long: most of their time they wait, and none of them is left over when all others have ended.
/// </summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private const string OfOneClass = "Test collection for ";

    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) =>
        testCollections.OrderBy(collection => IsLong(collection.DisplayName) ? 0 : 1);

    private static bool IsLong(string name) =>
        name.StartsWith(OfOneClass, StringComparison.Ordinal)
        && typeof(LongestFirst).Assembly.GetType(name[OfOneClass.Length..])?.IsDefined(typeof(TakesLongAttribute), inherit: false) is true;
}

/// <summary>Marks a class of tests that takes half a minute or more: it begins before all others.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class TakesLongAttribute : Attribute;
