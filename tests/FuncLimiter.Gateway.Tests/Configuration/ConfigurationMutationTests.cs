using System.Text;
using FuncLimiter.Gateway.Configuration;

namespace FuncLimiter.Gateway.Tests.Configuration;

/// <summary>Whatever happens to a file, reading it ends in a configuration or in mistakes, never in an exception, and never tells a secret.</summary>
public class ConfigurationMutationTests
{
    private static readonly string[] Pieces =
    [
        "null", "0", "-1", "1e999", "-1e999", "1e-999", "0.1", "\"\"", "\" \"", "[]", "{}", "[[[[", "}}}}", "true", ",", ":", "\"", "\\", "\\ud800", "\\u0000", "//", "/*",
        "\"rpm\":1,", "\"id\":\"openai-east\",", "\"fallback\":[\"gpt-x\"],", "\"openai-east/gpt-x\",", "${", "${}", "${HOOK}", "@Microsoft.KeyVault(", "9999999999999999999999", "\u2028", "😀", "\u0001",
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Read_WhenTheTextIsMutated_EndsInAConfigurationOrInMistakes(int seed)
    {
        var random = new Random(seed);
        var valid = 0;
        for (var round = 0; round < 2500; round++)
        {
            var text = Mutate(Sample.Json, random);

            var result = ConfigurationReader.Read(text, Sample.Environment);

            Assert.True(result.IsValid == (result.Mistakes.Count == 0), text);
            Assert.All(result.Mistakes, mistake => Assert.StartsWith("$", mistake.Path, StringComparison.Ordinal));
            Assert.All(result.Mistakes, mistake => Assert.DoesNotContain(Sample.OpenAIKey, mistake.ToString(), StringComparison.Ordinal));
            Assert.All(result.Mistakes, mistake => Assert.True(mistake.Found.Length > 0 && mistake.Fix.Length > 0));
            valid += result.IsValid ? 1 : 0;
        }

        Assert.InRange(valid, 1, 2499);
    }

    [Fact]
    public void Read_WhenBytesAreMutated_EndsInAConfigurationOrInMistakes()
    {
        var random = new Random(5);
        var original = Encoding.UTF8.GetBytes(Sample.Json);
        for (var round = 0; round < 2500; round++)
        {
            var bytes = original.ToArray();
            for (var change = random.Next(1, 6); change > 0; change--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            var result = ConfigurationReader.Read(bytes.AsSpan(0, random.Next(4) == 0 ? random.Next(bytes.Length) : bytes.Length), Sample.Environment);

            Assert.Equal(result.IsValid, result.Mistakes.Count == 0);
        }
    }

    private static string Mutate(string text, Random random)
    {
        for (var change = random.Next(1, 4); change > 0; change--)
        {
            var at = random.Next(text.Length);
            var length = Math.Min(random.Next(12), text.Length - at);
            text = random.Next(4) switch
            {
                0 => text.Remove(at, length),
                1 => text.Insert(at, Pieces[random.Next(Pieces.Length)]),
                2 => text.Remove(at, length).Insert(at, Pieces[random.Next(Pieces.Length)]),
                _ => text.Insert(random.Next(text.Length), text.Substring(at, length)),
            };
        }

        return text;
    }
}
