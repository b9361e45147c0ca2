using FuncLimiter.Providers.Translation.Reading;

namespace FuncLimiter.Providers.Translation.Anthropic;

/// <summary>The fields of a Messages request that may be left out (Anthropic API reference: create a message).</summary>
internal static class MessagesHarmless
{
    /// <summary>Where the prompt may be cached: others cache by themselves, and the answer is the same.</summary>
    private static readonly HarmlessField CacheControl = HarmlessField.Always("cache_control", "a hint for the provider's own cache");

    /// <summary>Fields of the request.</summary>
    public static readonly HarmlessField[] Request =
    [
        CacheControl,
        HarmlessField.WhenType("thinking", "disabled"),
        HarmlessField.WhenWord("service_tier", "auto"),
        HarmlessField.WhenWord("speed", "standard"),
        HarmlessField.WhenEmpty("mcp_servers"),
    ];

    /// <summary>Fields of a block.</summary>
    public static readonly HarmlessField[] Block =
        [CacheControl, HarmlessField.WhenEmpty("citations"), HarmlessField.WhenType("caller", "direct")];

    /// <summary>Fields of a tool.</summary>
    public static readonly HarmlessField[] Tool =
        [CacheControl, HarmlessField.WhenFalse("defer_loading"), HarmlessField.WhenOnly("allowed_callers", "direct"),
            HarmlessField.Always("eager_input_streaming", "a hint for how the provider cuts its own events")];
}
