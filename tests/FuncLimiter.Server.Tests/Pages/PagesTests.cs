using System.Text.RegularExpressions;
using FuncLimiter.Server.Commands;
using FuncLimiter.Server.Tests.Processes;

namespace FuncLimiter.Server.Tests.Pages;

/// <summary>
/// What the README and the pages print is run as printed, in its order: commands, requests with their answers, configurations. A block that
/// can't be run here says why in a comment above it, and is counted.
/// </summary>
[TakesLong]
public sealed partial class PagesTests
{
    // By page, how many of its blocks are not run.
    private static readonly Dictionary<string, int> NotRun = new(StringComparer.Ordinal)
    {
        ["README.md"] = 4,
        ["docs/azure.md"] = 2,
        ["docs/backup.md"] = 2,
        ["docs/coming-from.md"] = 1,
        ["docs/cost.md"] = 1,
        ["docs/dotnet.md"] = 2,
        ["docs/install.md"] = 7,
        ["docs/limits.md"] = 1,
        ["docs/operations.md"] = 1,
        ["docs/security.md"] = 1,
    };

    // Requests that only the Functions app takes, and what stands for many.
    private static readonly string[] Elsewhere = ["/operator", "/admin/..."];

    private static readonly string Root = RepositoryRoot.Path;

    public static TheoryData<string> Pages() => [.. Page.Names(Root)];

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task Page_DoesWhatItPrints(string name)
    {
        var page = Page.Read(Root, name);

        var run = await PageRun.RunAsync(Root, page);

        Assert.Equal(NotRun.GetValueOrDefault(name), page.Blocks.Count(block => block.Reason is not null));
        Assert.All(page.Blocks.Where(block => block.Reason is not null), block => Assert.True(block.Reason!.Length > 15, $"{block} says no reason."));
        Assert.Equal(page.Blocks.Count, run + NotRun.GetValueOrDefault(name) + page.Blocks.Count(block => block.IsShownOnly));
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void Page_NamesCommandsAndOptionsThatThereAre(string name)
    {
        var page = Page.Read(Root, name);
        var commands = CommandLine.Create().Subcommands.Select(command => command.Name).ToHashSet(StringComparer.Ordinal);
        var lines = page.Spans.Select(span => span[(span.IndexOf("FuncLimiter.Server -- ", StringComparison.Ordinal) is >= 0 and var at ? at + "FuncLimiter.Server -- ".Length : 0)..])
            .Where(line => line.Split(' ') is [var first, ['-', ..], ..] && commands.Contains(first));

        Assert.All(lines, line =>
        {
            var parsed = CommandLine.Create().Parse(line);
            Assert.Empty(parsed.UnmatchedTokens);
        });
    }

    [Fact]
    public async Task Pages_NameRequestsThatAreServed()
    {
        var requests = Page.Names(Root).SelectMany(name => Page.Read(Root, name).Spans.Select(span => (Page: name, Match: Request().Match(span))))
            .Where(span => span.Match.Success)
            .Select(span => (span.Page, Method: span.Match.Groups[1].Value, Path: Placeholder().Replace(span.Match.Groups[2].Value, "x")))
            .Where(request => !Elsewhere.Any(path => request.Path.StartsWith(path, StringComparison.Ordinal)))
            .DistinctBy(request => (request.Method, request.Path))
            .ToList();

        Assert.True(requests.Count > 10);
        foreach (var (page, method, path) in requests)
        {
            var reply = await PageRun.SendAsync(Root, method, path);
            Assert.False(reply.Status == 405 || reply.Text.Contains("unknown_url", StringComparison.Ordinal), $"{page}: {method} {path}: {reply.Status} {reply.Text}");
        }
    }

    [GeneratedRegex(@"^(GET|POST|DELETE|PUT|PATCH) (/[^\s`]*)")]
    private static partial Regex Request();

    [GeneratedRegex(@"\{[a-z]+\}")]
    private static partial Regex Placeholder();
}
