using System.Collections.Frozen;
using System.Text.RegularExpressions;

namespace FuncLimiter.Providers.Translation.Fitting;

/// <summary>What an API can be asked, as far as APIs differ. What it has not got makes it ineligible for a request that needs it.</summary>
/// <param name="Api">Its name, as it stands in reasons: "Anthropic's Messages".</param>
internal sealed record Abilities(string Api)
{
    /// <summary>The highest temperature.</summary>
    public double MaxTemperature { get; init; } = 2;

    /// <summary>Whether temperature and top_p may both be set.</summary>
    public bool TemperatureWithTopP { get; init; } = true;

    /// <summary>Whether it takes top_k.</summary>
    public bool TopK { get; init; }

    /// <summary>Whether it takes frequency and presence penalties.</summary>
    public bool Penalties { get; init; }

    /// <summary>Whether it takes a seed.</summary>
    public bool Seed { get; init; }

    /// <summary>How many stop texts it takes.</summary>
    public int MaxStops { get; init; } = int.MaxValue;

    /// <summary>The image types that it takes.</summary>
    public FrozenSet<string> ImageTypes { get; init; } = [];

    /// <summary>Whether it fetches images from an address.</summary>
    public bool RemoteImages { get; init; }

    /// <summary>Whether it can be told how closely to look at an image.</summary>
    public bool ImageDetail { get; init; }

    /// <summary>Whether a tool's result may hold images.</summary>
    public bool ImagesInResults { get; init; }

    /// <summary>Whether a tool's result may be marked as a failure.</summary>
    public bool FailedResults { get; init; }

    /// <summary>Whether the model can be kept to one tool call at a time.</summary>
    public bool SingleCalls { get; init; }

    /// <summary>Whether tools may be there and calling them forbidden.</summary>
    public bool NoCalls { get; init; }

    /// <summary>Whether arguments can be held to a tool's schema.</summary>
    public bool StrictTools { get; init; }

    /// <summary>Whether tools must be there where messages speak of calls.</summary>
    public bool CallsNeedTools { get; init; }

    /// <summary>Whether it can be told to answer with any JSON object.</summary>
    public bool JsonObject { get; init; }

    /// <summary>Which schemas it can hold an answer to; null for all.</summary>
    public SchemaRules? Schemas { get; init; }

    /// <summary>
    /// Whether its two sides take turns: instructions stand ahead of them, the user begins, and no text is empty. Otherwise messages may come
    /// in any order, and a tool's results are messages of their own.
    /// </summary>
    public bool TakesTurns { get; init; }

    /// <summary>What a tool's name must look like, and how that is said.</summary>
    public required (Regex Pattern, string Words) ToolNames { get; init; }

    /// <summary>What a call's id must look like, and how that is said.</summary>
    public required (Regex Pattern, string Words) CallIds { get; init; }
}
