using System.Globalization;
using System.Text.RegularExpressions;

namespace FuncLimiter.Providers.Charging;

/// <summary>What Bedrock's quotas make of a model's output (Amazon Bedrock user guide: token burndown rate).</summary>
internal static partial class BedrockModel
{
    private const long ClaudeMaxOutput = 64_000;
    private const long OtherMaxOutput = 8_192;

    /// <summary>How many tokens of quota one output token takes: 5, 10 or 15 for Claude by its version, 10 for GPT-5.6, else 1.</summary>
    public static long Burndown(string model)
    {
        if (!model.Contains("claude", StringComparison.OrdinalIgnoreCase))
        {
            return GptFiveSix().IsMatch(model) ? 10 : 1;
        }

        return Version(model) switch
        {
            ( >= 5, _) => 10,
            (4, >= 8) => 15,
            _ => 5,
        };
    }

    /// <summary>What is charged for output at the start where the caller sets no bound.</summary>
    public static long MaxOutputTokens(string model) =>
        model.Contains("claude", StringComparison.OrdinalIgnoreCase) ? ClaudeMaxOutput : OtherMaxOutput;

    private static (int Major, int Minor) Version(string model)
    {
        var match = ClaudeVersion().Match(model);
        return match.Success ? (Number(match.Groups["major"]), Number(match.Groups["minor"])) : (0, 0);
    }

    private static int Number(Group group) => group.Success ? int.Parse(group.Value, CultureInfo.InvariantCulture) : 0;

    [GeneratedRegex(@"claude-(?:[a-z]+-)?(?<major>\d{1,2})(?!\d)(?:[-.](?<minor>\d{1,2})(?!\d))?", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex ClaudeVersion();

    [GeneratedRegex(@"gpt-5[-.]6(?!\d)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex GptFiveSix();
}
