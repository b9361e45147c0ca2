using System.Reflection;
using System.Text.RegularExpressions;

namespace FuncLimiter.Functions.Tests.Contracts;

/// <summary>The signatures that the app is compiled against where its packages can't be had: each is read in a public file, none is there in vain.</summary>
public partial class ContractTests
{
    // The harness plays the worker, and needs what the worker makes.
    private static readonly HashSet<string> Used =
    [
        .. UsedMembers.Of(Assembly.Load("FuncLimiter.Functions").Location), .. UsedMembers.Of(typeof(ContractTests).Assembly.Location),
    ];

    // Values of enums are written into code as numbers.
    private static readonly HashSet<string> Values =
    [
        .. RepositoryFiles.Sources("src", "FuncLimiter.Functions").Concat(RepositoryFiles.Sources("tests", "contracts"))
            .SelectMany(path => Value().Matches(File.ReadAllText(path)).Select(match => match.Value)),
    ];

    public static TheoryData<string> Files =>
        [.. RepositoryFiles.Sources("tests", "contracts").Select(path => Path.GetRelativePath(RepositoryFiles.Root, path))];

    [Theory]
    [MemberData(nameof(Files))]
    public void EveryMember_NamesThePublicFileInWhichItsSignatureWasRead(string file)
    {
        var members = Members(file).ToArray();

        Assert.NotEmpty(members);
        Assert.All(members, member => Assert.Matches(Source(), member.Doc));
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void EveryMember_IsOneThatTheBuiltAppTakes_OrThatOthersNeedToBeDeclared(string file)
    {
        var others = RepositoryFiles.Sources("tests", "contracts")
            .Where(path => Path.GetRelativePath(RepositoryFiles.Root, path) != file).SelectMany(WordsOf).ToHashSet();

        Assert.All(Members(file), member => Assert.True(
            member.IsType ? Used.Contains(member.Name) || others.Contains(member.Name)
            : Used.Contains($"{member.Type}.{member.Name}") || Values.Contains($"{member.Type}.{member.Name}"),
            $"{file}: {member.Type}.{member.Name} is not used."));
    }

    [Fact]
    public void Contracts_DoNothing()
    {
        var loops = RepositoryFiles.Sources("tests", "contracts").Where(path => Behaviour().IsMatch(File.ReadAllText(path)));

        Assert.Empty(loops);
    }

    private static IEnumerable<(string Name, string Type, bool IsType, string Doc)> Members(string file)
    {
        var lines = File.ReadAllLines(Path.Combine(RepositoryFiles.Root, file));
        var type = "";
        for (var i = 0; i < lines.Length; i++)
        {
            var line = lines[i].Trim();
            var declared = TypeName().Match(line);
            type = declared.Success ? declared.Groups["name"].Value : type;
            var name = declared.Success ? type : MemberName().Match(line).Groups["name"].Value;
            if (name.Length > 0 && !line.Contains(" operator ", StringComparison.Ordinal) && !line.Contains(" this[", StringComparison.Ordinal))
            {
                yield return (name, type, declared.Success, lines.Take(i).Reverse().SkipWhile(before => before.TrimStart().StartsWith('[')).First().Trim());
            }
        }
    }

    private static IEnumerable<string> WordsOf(string path) => Word().Matches(File.ReadAllText(path)).Select(match => match.Value);

    [GeneratedRegex(@"^/// <summary>[\w.-]+/[\w.-]+: [\w./-]+\.(cs|txt)</summary>$")]
    private static partial Regex Source();

    [GeneratedRegex(@"^public\b.*\b(?:class|struct|interface|enum|record)\s+(?<name>(?!struct\b)\w+)")]
    private static partial Regex TypeName();

    [GeneratedRegex(@"^(?:(?:public|protected)\b[^=({]*?\b(?<name>\w+)(?:<[^>]*>)?\s*(?:\(|\{|=>)|(?<name>\w+) = \d+,$)|^(?:Task|ValueTask)[^(]*?\b(?<name>\w+)\(")]
    private static partial Regex MemberName();

    [GeneratedRegex(@"\b(for|while|foreach|if|switch|async|await)\b\s*[\(\w]")]
    private static partial Regex Behaviour();

    [GeneratedRegex(@"\w+")]
    private static partial Regex Word();

    [GeneratedRegex(@"\b\w+\.\w+\b")]
    private static partial Regex Value();
}
