using System.Text.RegularExpressions;
using FuncLimiter.Gateway.Calls.Headers;
using FuncLimiter.Gateway.Operations.Dashboard;

namespace FuncLimiter.Gateway.Tests.Alerts;

public class AlertPageTests
{
    public static TheoryData<AlertKind> Kinds => [.. Enum.GetValues<AlertKind>()];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Page_OfEveryKindOfAlert_HasTheHeadingThatItNames(AlertKind kind)
    {
        var (page, heading) = AlertPage.Of(kind).Split('#') is [var before, var after] ? (before, after) : throw new InvalidOperationException("It names no heading.");

        var headings = File.ReadLines(RepositoryRoot.File("docs", $"{page}.md"))
            .Where(static line => line.StartsWith('#'))
            .Select(static line => Regex.Replace(line.TrimStart('#', ' ').ToLowerInvariant(), "[^a-z0-9 -]", string.Empty).Replace(' ', '-'));

        Assert.Contains(heading, headings);
    }
}
