using System.Text.RegularExpressions;

namespace FuncLimiter.Architecture.Tests;

/// <summary>Whatever an operator is told stands on the page that says what it means and what to do.</summary>
public sealed partial class TroubleshootingPageTests
{
    private const string Gap = "…";

    private static readonly string Root = ArrowTests.RepositoryRoot();
    private static readonly string Page = Read("docs", "troubleshooting.md");

    private static readonly (string File, string Text)[] Sources = [.. new[] { "Providers", "Gateway", "Server", "Functions" }
        .SelectMany(name => Directory.EnumerateFiles(Path.Combine(Root, "src", $"FuncLimiter.{name}"), "*.cs", SearchOption.AllDirectories))
        .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
        .Select(file => (Path.GetFileName(file), File.ReadAllText(file)))];

    [Fact]
    public void EveryWarningAndErrorOfTheLog_IsExplained()
    {
        var messages = All(Logged(), match => match.Groups[1].Value);

        // No call is left out for being written otherwise.
        Assert.Equal(Sources.Sum(source => LogCalls().Count(source.Text)), messages.Count);
        Assert.InRange(messages.Count, 30, int.MaxValue);
        Assert.All(messages, message => Explained(message, Template().Replace(message.Text, Gap)));
    }

    [Fact]
    public void EveryCodeOfAnError_IsExplained()
    {
        var codes = All(Codes(), match => match.Groups[1].Value);

        Assert.InRange(codes.Select(code => code.Text).Distinct().Count(), 80, int.MaxValue);
        Assert.All(codes, code => Explained(code, code.Text));
    }

    /// <summary>An error that is made another way than <see cref="EveryCodeOfAnError_IsExplained"/> looks for would not be looked for.</summary>
    [Fact]
    public void EveryError_IsMadeWithItsCodeBesideItsStatus()
    {
        var others = All(ErrorsWithoutCode(), match => match.Value).Select(made => made.File).Distinct().Order(StringComparer.Ordinal);

        // They hand on what a reader of requests found, whose codes are looked for as well.
        Assert.Equal(["CallEndpoint.cs", "JobCallReader.cs", "JobRequestReader.cs", "PassedEndpoint.cs", "ReservationReader.cs", "SocketTurns.cs"], others);
    }

    [Fact]
    public void EveryTypeOfAnError_IsExplained()
    {
        var dialects = Sources.Single(source => source.File == "DialectError.cs").Text;
        var types = new[] { "OpenAIType", "OpenAICode", "AnthropicType", "AzureCode", "GoogleStatus", "BedrockType" }
            .SelectMany(name => Words().Matches(Method(dialects, name)).Select(match => (File: name, Text: match.Groups[1].Value))).ToList();

        Assert.InRange(types.Count, 50, int.MaxValue);
        Assert.All(types, type => Explained(type, type.Text));
    }

    [Fact]
    public void EveryReasonNotToStart_IsExplained()
    {
        string[] starters = ["ServeCommand.cs", "Database.cs", "DataFiles.cs", "DataCopy.cs", "Migrations.cs", "BatchStore.cs", "AppServices.cs", "AppConfiguration.cs"];
        var reasons = All(Reasons(), match => match.Groups[1].Value).Where(reason => starters.Contains(reason.File)).ToList();

        Assert.InRange(reasons.Count, 15, int.MaxValue);
        Assert.All(reasons, reason => Explained(reason, Template().Replace(reason.Text, Gap)));
    }

    [Fact]
    public void EveryAlert_IsExplained()
    {
        var board = Sources.Single(source => source.File == "AlertBoard.cs").Text;
        var levels = Words().Matches(Method(board, "Of")).Select(match => match.Groups[1].Value).ToList();
        var events = All(Events(), match => match.Groups[1].Value).Select(told => told.Text).Distinct().ToList();
        var rules = AzureAlerts().Matches(Read("infra", "app", "alerts.bicep")).Select(match => match.Groups[1].Value)
            .SelectMany(name => name.Contains("${level.percent}", StringComparison.Ordinal) ? new[] { name.Replace("${level.percent}", "80", StringComparison.Ordinal), name.Replace("${level.percent}", "90", StringComparison.Ordinal) } : [name]).ToList();

        var limits = Sources.Single(source => source.File == "LimitAlerts.cs").Text;
        var causes = Causes().Matches(limits).Select(match => Template().Replace(match.Groups[1].Value.Replace("{name}", "{d} in {s} s", StringComparison.Ordinal), Gap)).ToList();

        Assert.Equal(5, causes.Count);
        Assert.All(causes, cause => Explained(("LimitAlerts.cs", cause), cause));
        Assert.Equal(3, levels.Count);
        Assert.Equal(3, events.Count);
        Assert.Equal(3, rules.Count);
        Assert.All([.. levels, .. events, .. rules], name => Explained(("alerts", name), name));
    }

    private static List<(string File, string Text)> All(Regex pattern, Func<Match, string> text) =>
        [.. Sources.SelectMany(source => pattern.Matches(source.Text).Select(match => (source.File, text(match))))];

    private static void Explained((string File, string Text) told, string shown) =>
        Assert.True(Page.Contains($"`{shown}`", StringComparison.Ordinal), $"docs/troubleshooting.md says nothing of `{shown}` ({told.File}).");

    private static string Method(string source, string name)
    {
        var start = Regex.Match(source, $@"static string\?? {name}\(").Index;
        return source[start..source.IndexOf("};", start, StringComparison.Ordinal)];
    }

    private static string Read(params string[] path) => File.ReadAllText(Path.Combine([Root, .. path]));

    [GeneratedRegex(@"(?:\.Log(?:Warning|Error|Critical)\((?:\w+, )?|LoggerMessage\(LogLevel\.(?:Warning|Error|Critical), )""([^""]+)""")]
    private static partial Regex Logged();

    [GeneratedRegex(@"\.Log(?:Warning|Error|Critical)\(|LogLevel\.(?:Warning|Error|Critical), ""|\.Log\(LogLevel")]
    private static partial Regex LogCalls();

    [GeneratedRegex(@"(?:\b[1-5]\d\d,|StatusCodes\.\w+,|BadRequest\(|\bFail\(|RequestProblem\([^;]*?"", ""\w+"",|new\(\$?""[^;]*, (?:name|null),)\s*""([a-z]+(?:_[a-z]+)+)""")]
    private static partial Regex Codes();

    [GeneratedRegex(@"(?:new GatewayError\(|GatewayError\.BadRequest\()(?!\s*(?:[\w.]+,\s*)?"")[^)]")]
    private static partial Regex ErrorsWithoutCode();

    [GeneratedRegex(@"(?:StorageException\(\s*|[eE]rrors\.WriteLine(?:Async)?\()\$?""((?:[^""{]|\{[^}]*\})+)""")]
    private static partial Regex Reasons();

    [GeneratedRegex("""
        "(alert\.[a-z]+)"
        """)]
    private static partial Regex Events();

    // What differs, and what can't be read or isn't told.
    [GeneratedRegex(@"\$""(\{name\}: [^""]+|\{source\.Name\} (?:can't|tells)[^""]+)""")]
    private static partial Regex Causes();

    [GeneratedRegex("displayName: '([^']+)'")]
    private static partial Regex AzureAlerts();

    [GeneratedRegex("""
        => "([A-Za-z_]+)"
        """)]
    private static partial Regex Words();

    [GeneratedRegex(@"\{[^}]+\}")]
    private static partial Regex Template();
}
