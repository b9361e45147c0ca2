using System.Collections.Frozen;
using System.Text.RegularExpressions;

namespace FuncLimiter.Providers.Translation.Fitting;

/// <summary>
/// What each API can be asked (OpenAI API reference: create chat completion; Anthropic API reference: create a message, structured outputs;
/// Gemini API: generateContent, structured output; Amazon Bedrock API reference: Converse, structured outputs).
/// </summary>
internal static partial class KnownAbilities
{
    private static readonly FrozenSet<string> UsualImages = new[] { "image/png", "image/jpeg", "image/gif", "image/webp" }.ToFrozenSet();

    private static readonly Abilities Chat = new("OpenAI's chat completions")
    {
        Penalties = true,
        Seed = true,
        MaxStops = 4,
        ImageTypes = UsualImages,
        RemoteImages = true,
        ImageDetail = true,
        SingleCalls = true,
        NoCalls = true,
        StrictTools = true,
        JsonObject = true,
        ToolNames = (Word64(), "at most 64 letters, digits, _ and -"),
        CallIds = (Any40(), "at most 40 characters"),
    };

    private static readonly Abilities Messages = new("Anthropic's Messages")
    {
        MaxTemperature = 1,
        TemperatureWithTopP = false,
        TopK = true,
        ImageTypes = UsualImages,
        RemoteImages = true,
        ImagesInResults = true,
        FailedResults = true,
        SingleCalls = true,
        NoCalls = true,
        StrictTools = true,
        CallsNeedTools = true,
        Schemas = SchemaRules.Anthropic,
        TakesTurns = true,
        ToolNames = (Word128(), "at most 128 letters, digits, _ and -"),
        CallIds = (AnyWord(), "letters, digits, _ and -"),
    };

    private static readonly Abilities GenerateContent = new("Gemini's generateContent")
    {
        TopK = true,
        Penalties = true,
        Seed = true,
        MaxStops = 5,
        ImageTypes = new[] { "image/png", "image/jpeg", "image/webp", "image/heic", "image/heif" }.ToFrozenSet(),
        FailedResults = true,
        NoCalls = true,
        JsonObject = true,
        Schemas = SchemaRules.Gemini,
        TakesTurns = true,
        ToolNames = (Name64(), "at most 64 letters, digits, _ and -, the first of them a letter or _"),
        CallIds = (AnyWord(), "letters, digits, _ and -"),
    };

    private static readonly Abilities Converse = new("Bedrock's Converse")
    {
        MaxTemperature = 1,
        TemperatureWithTopP = false,
        ImageTypes = UsualImages,
        ImagesInResults = true,
        FailedResults = true,
        StrictTools = true,
        CallsNeedTools = true,
        Schemas = SchemaRules.Anthropic,
        TakesTurns = true,
        ToolNames = (Word64(), "at most 64 letters, digits, _ and -"),
        CallIds = (Word64(), "at most 64 letters, digits, _ and -"),
    };

    /// <summary>What an API can be asked.</summary>
    public static Abilities Of(Wire wire) => wire switch
    {
        Wire.Messages => Messages,
        Wire.GenerateContent => GenerateContent,
        Wire.Converse => Converse,
        _ => Chat,
    };

    [GeneratedRegex(@"^[a-zA-Z0-9_-]{1,64}\z")]
    private static partial Regex Word64();

    [GeneratedRegex(@"^[a-zA-Z0-9_-]{1,128}\z")]
    private static partial Regex Word128();

    [GeneratedRegex(@"^[a-zA-Z_][a-zA-Z0-9_-]{0,63}\z")]
    private static partial Regex Name64();

    [GeneratedRegex(@"^[a-zA-Z0-9_-]+\z")]
    private static partial Regex AnyWord();

    [GeneratedRegex(@"^.{1,40}\z", RegexOptions.Singleline)]
    private static partial Regex Any40();
}
