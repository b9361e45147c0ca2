using System.Text.Json;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Configuration.Reading;

namespace FuncLimiter.Gateway.Tests.Configuration;

public class LimitReadingTests
{
    [Theory]
    [InlineData("openai", LimitAlgorithm.Bucket, LimitAlgorithm.Bucket)]
    [InlineData("groq", LimitAlgorithm.Bucket, LimitAlgorithm.Bucket)]
    [InlineData("azure-openai", LimitAlgorithm.Fixed, LimitAlgorithm.CalendarDay)]
    [InlineData("gemini", LimitAlgorithm.Sliding, LimitAlgorithm.CalendarDay)]
    [InlineData("openrouter", LimitAlgorithm.Sliding, LimitAlgorithm.CalendarDay)]
    [InlineData("cerebras", LimitAlgorithm.Sliding, LimitAlgorithm.CalendarDay)]
    public void Limits_WhenNoAlgorithmIsNamed_CountAsTheProviderDoes(string provider, LimitAlgorithm minute, LimitAlgorithm day) =>
        Assert.Equal([minute, day], Of(provider, """{ "rpm": 10, "rpd": 100 }""").Where(limit => !limit.IsSlice).Select(limit => limit.Algorithm));

    [Theory]
    [InlineData("bucket", LimitAlgorithm.Bucket, LimitAlgorithm.Bucket)]
    [InlineData("sliding", LimitAlgorithm.Sliding, LimitAlgorithm.Sliding)]
    [InlineData("fixed", LimitAlgorithm.Fixed, LimitAlgorithm.CalendarDay)]
    public void Limits_WhenAnAlgorithmIsNamed_FollowIt(string algorithm, LimitAlgorithm minute, LimitAlgorithm day) =>
        Assert.Equal([minute, day], Of("gemini", $$"""{ "rpm": 10, "rpd": 100, "algorithm": "{{algorithm}}" }""").Select(limit => limit.Algorithm));

    [Fact]
    public void Limits_WhenABurstIsStated_AreABucketWhateverTheProviderDoes()
    {
        var limit = Assert.Single(Of("azure-openai", """{ "tpm": 60000, "burstSeconds": 1.5 }"""));

        Assert.Equal((LimitAlgorithm.Bucket, 1.5, 1500.0), (limit.Algorithm, limit.BurstSeconds, limit.Capacity));
    }

    [Theory]
    [InlineData("""{ "rpm": 600 }""", true)]
    [InlineData("""{ "rpm": 600, "algorithm": "fixed" }""", true)]
    [InlineData("""{ "rpm": 600, "algorithm": "sliding" }""", false)]
    [InlineData("""{ "rpm": 600, "burstSeconds": 6 }""", false)]
    [InlineData("""{ "rpm": 600, "sliceSeconds": 0 }""", false)]
    [InlineData("""{ "tpm": 600 }""", false)]
    public void Slices_AtAzure_AreOfASecondWhileItsMinutesAreFixed(string limits, bool isSliced) =>
        Assert.Equal(isSliced, Of("azure-openai", limits).Any(limit => limit.IsSlice && limit.Window == TimeSpan.FromSeconds(1)));

    [Theory]
    [InlineData(600, 1, 10)]
    [InlineData(600, 10, 100)]
    [InlineData(20, 1, 1)]
    [InlineData(90, 1, 2)]
    public void Slices_HoldTheirPartOfTheMinute(long rpm, int seconds, long amount)
    {
        var limits = Of("azure-openai", $$"""{ "rpm": {{rpm}}, "sliceSeconds": {{seconds}} }""");

        Assert.Equal(
            [(LimitAlgorithm.Fixed, rpm, 60.0), (LimitAlgorithm.Sliding, amount, seconds)],
            limits.Select(limit => (limit.Algorithm, limit.Amount, limit.Window.TotalSeconds)));
    }

    [Fact]
    public void DayLimits_WhenTheProviderIsGoogles_TurnAtPacificMidnight()
    {
        var zone = Assert.Single(Of("gemini", """{ "rpd": 100 }""")).TimeZone!;

        Assert.Equal(TimeSpan.FromHours(-8), zone.GetUtcOffset(new DateTimeOffset(2026, 1, 15, 0, 0, 0, TimeSpan.Zero)));
        Assert.Equal(TimeSpan.FromHours(-7), zone.GetUtcOffset(new DateTimeOffset(2026, 7, 15, 0, 0, 0, TimeSpan.Zero)));
    }

    [Fact]
    public void DayLimits_WhenTheProviderIsNotGoogle_TurnAtUtcMidnight() =>
        Assert.Null(Assert.Single(Of("openrouter", """{ "rpd": 100 }""")).TimeZone);

    [Fact]
    public void DayLimits_OfATenant_AreCalendarDaysInUtc()
    {
        var limits = Sample.Valid(Sample.With("tenants[0].limits", """{ "tpm": 100000, "tpd": 500000 }""")).Tenants[0].Limits;

        Assert.Equal([LimitAlgorithm.Bucket, LimitAlgorithm.CalendarDay], limits.Select(limit => limit.Algorithm));
        Assert.All(limits, limit => Assert.Null(limit.TimeZone));
    }

    [Fact]
    public void Amounts_WhenWrittenWithAnExponent_AreTaken() =>
        Assert.Equal(2_000_000, Assert.Single(Of("openai", """{ "tpm": 2e6 }""")).Amount);

    [Theory]
    [InlineData("openai", "", true)]
    [InlineData("anthropic", "", true)]
    [InlineData("groq", "", true)]
    [InlineData("gemini", "", false)]
    [InlineData("bedrock", "", false)]
    [InlineData("azure-openai", "", false)]
    [InlineData("azure-openai", """, "limitSource": { "resource": "/subscriptions/s/resourceGroups/g/providers/Microsoft.CognitiveServices/accounts/a" }""", true)]
    [InlineData("azure-openai", """, "limitSource": { "resource": "contoso" }""", false)]
    [InlineData("azure-openai", """, "limitSource": { "resource": "/subscriptions/s/resourceGroups/g/providers/Microsoft.CognitiveServices/accounts/a", "location": "East US" }""", false)]
    [InlineData("bedrock", """, "limitSource": {}""", false)]
    [InlineData("bedrock", """, "region": "eu-central-1", "limitSource": {}""", true)]
    [InlineData("bedrock", """, "region": "eu-central-1", "limitSource": { "adminKey": "${KEY}" }""", false)]
    [InlineData("openrouter", "", false)]
    [InlineData("openrouter", """, "limitSource": {}""", true)]
    [InlineData("gemini", """, "limitSource": {}""", false)]
    public void Limits_OfNobodysWriting_AreForProvidersThatTellThem(string provider, string source, bool isValid)
    {
        var read = ConfigurationReader.Read(
            $$"""{ "accounts": [{ "id": "a", "provider": "{{provider}}", "endpoint": "https://example.com", "apiKey": "${KEY}"{{source}}, "models": [{ "model": "m", "limits": "auto" }] }] }""",
            static _ => "value");

        Assert.Equal(isValid, read.IsValid);
        Assert.All(read.Configuration?.Accounts[0].Models[0].Limits ?? [], limit => Assert.True(limit.IsOpen));
        Assert.All(read.Mistakes, mistake => Assert.StartsWith("$.accounts[0].", mistake.Path, StringComparison.Ordinal));
    }

    private static IReadOnlyList<Limit> Of(string provider, string limits)
    {
        var mistakes = new MistakeList();
        using var model = JsonDocument.Parse($$"""{ "model": "m", "limits": {{limits}} }""");
        var read = new LimitsReader(mistakes)
            .Read(ObjectReader.Open(model.RootElement, "$", Shapes.Model, mistakes)!, "limits", CountingRule.OfProvider(provider)).Limits;
        Assert.Empty(mistakes.All());
        return read;
    }
}
