using System.Text.RegularExpressions;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Configuration.Reading;

namespace FuncLimiter.Gateway.Tests.Configuration;

/// <summary>docs/configuration.md says what the reader does.</summary>
public partial class ConfigurationDocumentTests
{
    private static readonly string Document = File.ReadAllText(RepositoryRoot.File("docs", "configuration.md"));

    [Fact]
    public void Example_IsReadWithoutMistakes()
    {
        var examples = Example().Matches(Document).Select(match => match.Groups["json"].Value).ToArray();

        Assert.NotEmpty(examples);
        Assert.All(examples, example => Assert.Empty(ConfigurationReader.Read(example, name => $"value-of-{name}").Mistakes));
    }

    [Fact]
    public void Document_NamesEveryMember()
    {
        var unnamed = Shapes.All.Values.SelectMany(shape => shape.Members).Select(member => member.Name)
            .Where(name => !Regex.IsMatch(Document, $"[`.]{Regex.Escape(name)}[`.]"));

        Assert.Empty(unnamed);
    }

    [Fact]
    public void Document_NamesEveryProvider() =>
        Assert.All(KnownProviders.Ids, id => Assert.Contains($"`{id}`", Document, StringComparison.Ordinal));

    [GeneratedRegex(@"```jsonc\r?\n(?<json>.*?)```", RegexOptions.Singleline)]
    private static partial Regex Example();
}
