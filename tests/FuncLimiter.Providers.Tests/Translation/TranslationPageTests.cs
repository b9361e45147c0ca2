namespace FuncLimiter.Providers.Tests.Translation;

public class TranslationPageTests
{
    [Fact]
    public void Page_HasTheTablesThatTheChecksGoBy()
    {
        var page = File.ReadAllText(Path.Combine(Root(), "docs", "translation.md"));

        Assert.Contains(TranslationTables.OfAbilities(), page, StringComparison.Ordinal);
        Assert.Contains(TranslationTables.OfBetas(), page, StringComparison.Ordinal);
        Assert.Contains(TranslationTables.OfHarmless(), page, StringComparison.Ordinal);
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "FuncLimiter.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("FuncLimiter.sln is not above the test's folder.");
        }

        return folder.FullName;
    }
}
