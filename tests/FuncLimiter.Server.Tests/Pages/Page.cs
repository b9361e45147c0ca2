using System.Text.RegularExpressions;

namespace FuncLimiter.Server.Tests.Pages;

/// <summary>A page of the documentation: its fenced blocks in their order, and what stands in inline code.</summary>
/// <param name="Name">The page's path from the repository's root.</param>
/// <param name="Blocks">Its blocks.</param>
/// <param name="Spans">Its inline code, of tables too.</param>
internal sealed partial record Page(string Name, IReadOnlyList<Block> Blocks, IReadOnlyList<string> Spans)
{
    /// <summary>All pages.</summary>
    public static IEnumerable<string> Names(string root) =>
        Directory.GetFiles(Path.Combine(root, "docs"), "*.md").Select(file => $"docs/{Path.GetFileName(file)}").Prepend("README.md").Order(StringComparer.Ordinal);

    /// <summary>Reads a page.</summary>
    public static Page Read(string root, string name)
    {
        var lines = File.ReadAllLines(Path.Combine(root, name));
        var (blocks, spans) = (new List<Block>(), new List<string>());
        string? marker = null;
        for (var i = 0; i < lines.Length; i++)
        {
            var line = lines[i].Trim();
            if (Marker().Match(line) is { Success: true } told)
            {
                marker = told.Groups[1].Value.Trim();
            }
            else if (Fence().Match(line) is { Success: true } fence)
            {
                var (indent, first) = (lines[i].IndexOf('`', StringComparison.Ordinal), ++i);
                while (!lines[i].TrimStart().StartsWith("```", StringComparison.Ordinal))
                {
                    i++;
                }

                var text = string.Join('\n', lines[first..i].Select(each => each.Length >= indent ? each[indent..] : each.TrimStart()));
                blocks.Add(new Block(name, first, fence.Groups[1].Value, text, marker));
                marker = null;
            }
            else if (line.Length > 0)
            {
                marker = null;
                spans.AddRange(Span().Matches(line).Select(span => span.Groups[1].Value));
            }
        }

        return new Page(name, blocks, spans);
    }

    [GeneratedRegex("^<!--(.*)-->$")]
    private static partial Regex Marker();

    [GeneratedRegex("^```([a-z]*)$")]
    private static partial Regex Fence();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Span();
}

/// <summary>A fenced block.</summary>
/// <param name="Page">Its page.</param>
/// <param name="Line">The line before its first, counted from 1.</param>
/// <param name="Language">What stands behind the fence.</param>
/// <param name="Text">Its lines, without the page's indentation.</param>
/// <param name="Marker">The HTML comment right above it.</param>
internal sealed record Block(string Page, int Line, string Language, string Text, string? Marker)
{
    private const string NotRun = "not run:";

    /// <summary>Why it is not run; null where it is.</summary>
    public string? Reason => Marker?.StartsWith(NotRun, StringComparison.Ordinal) == true ? Marker[NotRun.Length..].Trim() : null;

    /// <summary>The name under which it is to be stored, to be used by what follows.</summary>
    public string? File => Marker?.StartsWith("file:", StringComparison.Ordinal) == true ? Marker["file:".Length..].Trim() : null;

    /// <summary>Whether the page's requests from here on go to a server on this configuration.</summary>
    public bool IsServed => Marker == "served";

    /// <summary>Whether there is nothing to run: a picture, or code that is compared with the sample it is from (SampleTests of FuncLimiter.Client.Tests).</summary>
    public bool IsShownOnly => Language is "mermaid" or "csharp";

    /// <summary>Whether it is an answer of HTTP, and no request.</summary>
    public bool IsAnswer => Text.StartsWith("HTTP/", StringComparison.Ordinal);

    public override string ToString() => $"{Page}:{Line}";
}
