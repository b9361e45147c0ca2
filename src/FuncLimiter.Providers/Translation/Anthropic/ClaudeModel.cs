using System.Globalization;
using System.Text.RegularExpressions;

namespace FuncLimiter.Providers.Translation.Anthropic;

/// <summary>What Anthropic's API wants to be told of a model (Anthropic: models overview).</summary>
internal static partial class ClaudeModel
{
    private const long UnknownMaxOutput = 4_096;

    /// <summary>
    /// The most that a model writes, by its name, for callers who set no bound where Anthropic wants one. A name that tells no version gets
    /// what every model takes; the answer then says that it was cut by its length.
    /// </summary>
    public static long MaxOutputTokens(string model)
    {
        var match = Version().Match(model);
        if (!match.Success)
        {
            return UnknownMaxOutput;
        }

        var major = int.Parse(match.Groups["major"].Value, CultureInfo.InvariantCulture);
        var minor = match.Groups["minor"].Success ? int.Parse(match.Groups["minor"].Value, CultureInfo.InvariantCulture) : 0;
        return (major, minor) switch
        {
            ( >= 5, _) => 64_000,
            (4, < 5) when model.Contains("opus", StringComparison.OrdinalIgnoreCase) => 32_000,
            (4, _) or (3, 7) => 64_000,
            (3, 5) => 8_192,
            _ => UnknownMaxOutput,
        };
    }

    [GeneratedRegex(@"claude-(?:[a-z]+-)?(?<major>\d{1,2})(?!\d)(?:[-.](?<minor>\d{1,2})(?!\d))?", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Version();
}
