using System.Collections.Concurrent;

namespace FuncLimiter.Server.Tests.Field;

/// <summary>The server of the cases about waiting. What takes long begins at once, and its tests look at how it ended.</summary>
public sealed class TimesSetup() : FieldSetup(
    [
        .. HintTests.Cases, .. RetryTests.Cases, .. NoWaitTests.Cases, .. WaitingTests.Cases, .. RefusalTests.Cases,
    ])
{
    private readonly ConcurrentDictionary<string, Task<IReadOnlyList<FieldReply>>> _runs = new(StringComparer.Ordinal);

    /// <summary>The answers of a case that was begun.</summary>
    internal Task<IReadOnlyList<FieldReply>> RepliesAsync(string name) => _runs[name];

    private protected override Task BeginAsync()
    {
        HintTests.Begin(Server, Run);
        RetryTests.Begin(Server, Run);
        WaitingTests.Begin(Server, Run);
        return Task.CompletedTask;
    }

    private void Run(string name, Func<FieldCase, Task<IReadOnlyList<FieldReply>>> run) => _runs[name] = run(Server[name]);
}

/// <summary>The test classes that share <see cref="TimesSetup"/>.</summary>
[CollectionDefinition(Name)]
public sealed class TimesCases : ICollectionFixture<TimesSetup>
{
    public const string Name = "field cases of times";
}
