using FuncLimiter.Providers.Translation.Reading;

namespace FuncLimiter.Providers.Translation.Anthropic;

/// <summary>The fields of a Messages request that may be left out (Anthropic API reference: create a message).</summary>
internal static class MessagesHarmless
{
    /// <summary>Fields of the request.</summary>
    public static readonly HarmlessField[] Request =
    [
        HarmlessField.Always("cache_control", "a hint for the provider's own cache"),
        HarmlessField.WhenType("thinking", "disabled"),
        HarmlessField.WhenWord("service_tier", "auto"),
        HarmlessField.WhenWord("speed", "standard"),
        HarmlessField.WhenEmpty("mcp_servers"),
    ];

    /// <summary>Fields of a block.</summary>
    public static readonly HarmlessField[] Block =
        [HarmlessField.WhenEmpty("citations"), HarmlessField.WhenType("caller", "direct")];

    /// <summary>Fields of a tool.</summary>
    public static readonly HarmlessField[] Tool =
        [HarmlessField.WhenFalse("defer_loading"), HarmlessField.WhenOnly("allowed_callers", "direct"),
            HarmlessField.Always("eager_input_streaming", "a hint for how the provider cuts its own events")];
}
