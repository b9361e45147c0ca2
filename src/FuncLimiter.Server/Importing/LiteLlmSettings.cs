using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace FuncLimiter.Server.Importing;

/// <summary>What LiteLLM's names stand for (docs.litellm.ai/docs/proxy/config_settings and /docs/providers, read 2026-11-29).</summary>
internal static class LiteLlmSettings
{
    /// <summary>Providers by LiteLLM's prefix of a model: the name here, and the environment variable that LiteLLM reads its key from.</summary>
    public static readonly Dictionary<string, (string Provider, string Key)> Providers = new(StringComparer.Ordinal)
    {
        ["openai"] = ("openai", "OPENAI_API_KEY"),
        ["text-completion-openai"] = ("openai", "OPENAI_API_KEY"),
        ["azure"] = ("azure-openai", "AZURE_API_KEY"),
        ["anthropic"] = ("anthropic", "ANTHROPIC_API_KEY"),
        ["gemini"] = ("gemini", "GEMINI_API_KEY"),
        ["bedrock"] = ("bedrock", "AWS_BEARER_TOKEN_BEDROCK"),
        ["mistral"] = ("mistral", "MISTRAL_API_KEY"),
        ["groq"] = ("groq", "GROQ_API_KEY"),
        ["cohere"] = ("cohere", "COHERE_API_KEY"),
        ["cohere_chat"] = ("cohere", "COHERE_API_KEY"),
        ["xai"] = ("xai", "XAI_API_KEY"),
        ["deepseek"] = ("deepseek", "DEEPSEEK_API_KEY"),
        ["openrouter"] = ("openrouter", "OPENROUTER_API_KEY"),
        ["together_ai"] = ("together", "TOGETHERAI_API_KEY"),
        ["fireworks_ai"] = ("fireworks", "FIREWORKS_AI_API_KEY"),
        ["cerebras"] = ("cerebras", "CEREBRAS_API_KEY"),
        ["perplexity"] = ("perplexity", "PERPLEXITYAI_API_KEY"),
        ["hosted_vllm"] = ("openai-compatible", "HOSTED_VLLM_API_KEY"),
        ["lm_studio"] = ("openai-compatible", "LM_STUDIO_API_KEY"),
        ["custom_openai"] = ("openai-compatible", "OPENAI_API_KEY"),
    };

    /// <summary>What is written for a key where a server of one's own asks for none.</summary>
    public static readonly HashSet<string> NoKeys = new(StringComparer.OrdinalIgnoreCase) { "none", "empty", "null", "dummy", "not-needed", "anything", "" };

    /// <summary>Why a setting is not taken over; what is not here has no counterpart.</summary>
    public static readonly Dictionary<string, string> Reasons = new(StringComparer.Ordinal)
    {
        ["routing_strategy"] = "calls go to the deployment with the most headroom, prompt caches considered (docs/routing.md)",
        ["num_retries"] = "a call is tried up to four times, at the time that the provider tells, else with growing waits",
        ["retry_policy"] = "each kind of failure has its own waits (docs/how-it-decides.md)",
        ["retry_after"] = "the provider's own time is kept to",
        ["timeout"] = "the first byte is waited for as long as the provider's longest answers take; callers bound their waits by Prefer: wait=N",
        ["request_timeout"] = "the first byte is waited for as long as the provider's longest answers take; callers bound their waits by Prefer: wait=N",
        ["stream_timeout"] = "the first byte is waited for as long as the provider's longest answers take; callers bound their waits by Prefer: wait=N",
        ["allowed_fails"] = "a deployment rests after failures, for as long as the provider says, else for growing times",
        ["allowed_fails_policy"] = "a deployment rests after failures, for as long as the provider says, else for growing times",
        ["cooldown_time"] = "a deployment rests after failures, for as long as the provider says, else for growing times",
        ["context_window_fallbacks"] = "a call too large for one deployment goes to the route's others by itself: name those with larger windows as fallback",
        ["enable_pre_call_checks"] = "every call is checked against every limit before it goes out",
        ["usage_based_routing_ttl"] = "use is counted exactly, nothing is kept for a while",
        ["api_version"] = "callers' own api-version is passed on",
        ["redis_host"] = "nothing needs Redis; several instances share budgets as an Azure Functions app (docs/leases.md)",
        ["redis_port"] = "nothing needs Redis",
        ["redis_password"] = "nothing needs Redis",
        ["redis_url"] = "nothing needs Redis",
        ["database_url"] = "nothing needs a database; tenants, keys and limits stand in the configuration",
        ["weight"] = "calls are spread by headroom, not by weights",
        ["drop_params"] = "a call goes only where its parameters can be carried (docs/translation.md)",
        ["cache"] = "answers are not cached; an Idempotency-Key repeats one",
        ["cache_params"] = "answers are not cached; an Idempotency-Key repeats one",
        ["success_callback"] = "traces and metrics go out by OpenTelemetry (docs/operations.md)",
        ["failure_callback"] = "traces and metrics go out by OpenTelemetry (docs/operations.md)",
        ["callbacks"] = "traces and metrics go out by OpenTelemetry (docs/operations.md)",
        ["set_verbose"] = "logging is set as for any .NET program",
        ["mode"] = "the path that is called says what is asked for",
        ["id"] = "deployments are named account/model",
        ["base_model"] = "the model is known by its name at the provider",
        ["max_budget"] = "a tenant's money is bounded by limits.usdPerDay (docs/cost.md)",
        ["budget_duration"] = "a tenant's money is bounded by limits.usdPerDay (docs/cost.md)",
    };
}

/// <summary>Reads settings in YAML.</summary>
internal static class Yaml
{
    public static YamlMappingNode Load(string yaml)
    {
        try
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(yaml));
            return stream.Documents is [{ RootNode: YamlMappingNode root }, ..] ? root : throw new FormatException("The file holds no settings.");
        }
        catch (YamlException broken)
        {
            throw new FormatException($"The file is no YAML (line {broken.Start.Line}): {broken.Message}", broken);
        }
        catch (Exception broken) when (broken is ArgumentException or InvalidOperationException or IndexOutOfRangeException)
        {
            // The library's answer to escapes that stand for no character, and the like.
            throw new FormatException($"The file is no YAML: {broken.Message}", broken);
        }
    }

    public static YamlMappingNode? Child(YamlMappingNode node, string name) => Value(node, name) as YamlMappingNode;

    public static string? Text(YamlMappingNode node, string name) => Text(Value(node, name));

    public static YamlNode? Value(YamlMappingNode node, string name) => node.Children.TryGetValue(new YamlScalarNode(name), out var value) ? value : null;

    public static string? Text(YamlNode? node) => node is YamlScalarNode { Value: { } text } ? text : null;

    /// <exception cref="FormatException">A name is no text.</exception>
    public static string Name(YamlNode node) => Text(node) ?? throw new FormatException($"The file has a name that is no text (line {node.Start.Line}).");

    public static double? Number(YamlMappingNode node, string name) =>
        double.TryParse(Text(node, name), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number > 0 ? number : null;
}
