using FuncLimiter.Providers.Translation.Reading;

namespace FuncLimiter.Providers.Translation.OpenAI;

/// <summary>The fields of a chat completion that may be left out (OpenAI API reference: create chat completion).</summary>
internal static class ChatHarmless
{
    /// <summary>Fields of the request.</summary>
    public static readonly HarmlessField[] Request =
    [
        HarmlessField.WhenNumber("n", 1),
        HarmlessField.WhenFalse("logprobs"),
        HarmlessField.WhenNumber("top_logprobs", 0),
        HarmlessField.WhenEmpty("logit_bias"),
        HarmlessField.WhenFalse("store"),
        HarmlessField.WhenOnly("modalities", "text"),
        HarmlessField.WhenWord("service_tier", "auto", "default"),
        HarmlessField.Always("metadata", "a set of labels for stored completions, and none is stored"),
        HarmlessField.Always("prompt_cache_key", "a hint for the provider's own cache"),
        HarmlessField.Always("prompt_cache_retention", "a hint for the provider's own cache"),
        HarmlessField.Always("prompt_cache_options", "a hint for the provider's own cache"),
    ];

    /// <summary>Fields of a message.</summary>
    public static readonly HarmlessField[] Message = [HarmlessField.WhenEmpty("annotations"), HarmlessField.WhenEmpty("tool_calls")];

    /// <summary>Fields of a piece of a message.</summary>
    public static readonly HarmlessField[] Part = [HarmlessField.Always("prompt_cache_breakpoint", "a hint for the provider's own cache")];

    /// <summary>Fields of <c>stream_options</c>.</summary>
    public static readonly HarmlessField[] StreamOptions =
        [HarmlessField.Always("include_obfuscation", "a switch for padding in the provider's own events")];
}
